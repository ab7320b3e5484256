"""Stores, lists and deletes postal addresses and regulatory bundles of organizations in the database.

Nothing in this module calls the carrier.
"""

from collections.abc import Sequence
from uuid import UUID

import msgspec
import sqlalchemy as sa
from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from carrier.port import AvailableNumber, CarrierAddress, PostalAddress
from kit.actor import Actor
from kit.audit import record
from kit.errors import NotFound
from phone_numbers.address_rules import NumberDocuments, address_country_for, is_available_now
from phone_numbers.errors import AddressExists, AddressPending, AddressRequired
from phone_numbers.models import AddressState, RegisteredAddress, RegulatoryBundle


class AddressService:
    """Addresses and bundles of one organization at a time. The audit log contains only their countries."""

    class Repository(SQLAlchemyAsyncRepository[RegisteredAddress]):
        model_type = RegisteredAddress

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._addresses = self.Repository(session=session)

    async def list_all(self, organization_id: UUID) -> Sequence[RegisteredAddress]:
        """All addresses in the order of their countries, including those being registered or deleted."""
        query = sa.select(RegisteredAddress).where(RegisteredAddress.owned_by(organization_id))
        rows: Sequence[RegisteredAddress] = (
            await self._session.scalars(query.order_by(RegisteredAddress.country))
        ).all()
        return rows

    async def registered_countries(self, organization_id: UUID) -> frozenset[str]:
        """The countries in which the organization has a registered address."""
        rows = await self.list_all(organization_id)
        return frozenset(row.country for row in rows if row.state is AddressState.REGISTERED)

    async def documents_for(self, organization_id: UUID, offered: AvailableNumber) -> NumberDocuments:
        """The address and the bundle that a purchase of ``offered`` sends. Raises: AddressRequired."""
        rows = await self.list_all(organization_id)
        sids = {row.country: row.carrier_sid for row in rows if row.state is AddressState.REGISTERED}
        if not is_available_now(offered, sids):
            raise AddressRequired
        bundle: str | None = await self._session.scalar(
            sa.select(RegulatoryBundle.carrier_sid).where(
                RegulatoryBundle.owned_by(organization_id), RegulatoryBundle.country == offered.country
            )
        )
        requirement = offered.address_requirements
        # A bundle contains an address; a second address beside it could contradict it.
        country = address_country_for(requirement, offered.country, sids)
        is_sent = country is not None and (requirement != "none" or bundle is None)
        return NumberDocuments(address_sid=sids[country] if is_sent and country else None, bundle_sid=bundle)

    async def add_requested(self, organization_id: UUID, address: PostalAddress, *, by: Actor) -> RegisteredAddress:
        """Store an address as requested, before the carrier is asked. Raises: AddressExists."""
        row_id = uuid7()
        values = {"id": row_id, "organization_id": organization_id, "state": AddressState.REQUESTED}
        statement = insert(RegisteredAddress).values(**values, **msgspec.structs.asdict(address))
        added = await self._session.scalar(
            statement.on_conflict_do_nothing(index_elements=["organization_id", "country"]).returning(
                RegisteredAddress.id
            )
        )
        if added is None:
            raise AddressExists
        row = await self._addresses.get(row_id)
        await self._record(row, by, "address.requested")
        return row

    async def confirm(self, organization_id: UUID, address_id: UUID, created: CarrierAddress, *, by: Actor) -> None:
        """Mark the address as registered, with the carrier's corrections. Idempotent."""
        row = await self._find_locked(organization_id, address_id)
        if row is not None and row.state is AddressState.REQUESTED:
            row.state, row.carrier_sid = AddressState.REGISTERED, created.sid
            for name in ("street", "city", "region", "postal_code"):
                setattr(row, name, getattr(created.address, name))
            await self._record(row, by, "address.registered")

    async def drop_requested(self, organization_id: UUID, address_id: UUID, reason: str, *, by: Actor) -> None:
        """Delete the row of an address that the carrier does not have; ``reason`` is a sentence for the audit log."""
        row = await self._find_locked(organization_id, address_id)
        if row is not None and row.state is AddressState.REQUESTED:
            await self._record(row, by, "address.not_registered", reason=reason)
            await self._session.delete(row)

    async def begin_deletion(self, organization_id: UUID, address_id: UUID, *, by: Actor) -> RegisteredAddress:
        """Mark an address as being deleted; a second call changes nothing. Raises: NotFound, AddressPending."""
        row = await self._find_locked(organization_id, address_id)
        if row is None:
            raise NotFound
        if row.state is AddressState.REQUESTED:
            raise AddressPending
        if row.state is AddressState.REGISTERED:
            row.state = AddressState.DELETING
            await self._record(row, by, "address.deleting")
        return row

    async def cancel_deletion(self, organization_id: UUID, address_id: UUID) -> None:
        """Mark an address as registered again, because a number needs it."""
        row = await self._find_locked(organization_id, address_id)
        if row is not None and row.state is AddressState.DELETING:
            row.state = AddressState.REGISTERED

    async def finish_deletion(self, organization_id: UUID, address_id: UUID, *, by: Actor) -> None:
        """Delete the row of an address that the carrier no longer has."""
        row = await self._find_locked(organization_id, address_id)
        if row is not None:
            await self._record(row, by, "address.deleted")
            await self._session.delete(row)

    async def list_bundles(self, organization_id: UUID) -> Sequence[RegulatoryBundle]:
        """The regulatory bundles, in the order of their countries."""
        query = sa.select(RegulatoryBundle).where(RegulatoryBundle.owned_by(organization_id))
        rows: Sequence[RegulatoryBundle] = (await self._session.scalars(query.order_by(RegulatoryBundle.country))).all()
        return rows

    async def set_bundle(self, organization_id: UUID, country: str, carrier_sid: str | None, *, by: Actor) -> None:
        """Store or replace a country's bundle; None deletes it. Purchases of the country's numbers then send it."""
        if carrier_sid is None:
            conditions = RegulatoryBundle.owned_by(organization_id), RegulatoryBundle.country == country
            await self._session.execute(sa.delete(RegulatoryBundle).where(*conditions))
        else:
            values = {"organization_id": organization_id, "country": country, "carrier_sid": carrier_sid}
            statement = insert(RegulatoryBundle).values(id=uuid7(), **values)
            await self._session.execute(
                statement.on_conflict_do_update(
                    index_elements=["organization_id", "country"], set_={"carrier_sid": carrier_sid}
                )
            )
        action = "regulatory_bundle.removed" if carrier_sid is None else "regulatory_bundle.set"
        await record(self._session, by, action, organization_id=organization_id, subject_name=country)

    async def _find_locked(self, organization_id: UUID, address_id: UUID) -> RegisteredAddress | None:
        row: RegisteredAddress | None = await self._session.scalar(
            sa.select(RegisteredAddress)
            .where(RegisteredAddress.owned_by(organization_id), RegisteredAddress.id == address_id)
            .with_for_update()
        )
        return row

    async def _record(self, row: RegisteredAddress, by: Actor, action: str, *, reason: str | None = None) -> None:
        await record(
            self._session,
            by,
            action,
            organization_id=row.organization_id,
            subject_id=row.id,
            subject_name=row.country,
            details=None if reason is None else {"reason": reason},
        )
