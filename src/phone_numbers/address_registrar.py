"""Registers and deletes postal addresses at the carrier, so that no crash loses an address or registers it twice.

The same saga as a purchase of a number: the row is committed before the carrier is asked, the address's name at the
carrier contains the row's id, and an unknown outcome is read from the carrier's list. No transaction is open while the
carrier is asked.
"""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, suppress
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from carrier.port import (
    Carrier,
    CarrierAccessRefused,
    CarrierAddress,
    CarrierError,
    CarrierUnavailable,
    NotDoneAtCarrier,
    NotFoundAtCarrier,
    PostalAddress,
)
from kit.actor import SYSTEM, Actor
from kit.clock import utc_now
from kit.db.database import Database
from kit.deployment import Deployment, DeploymentService
from kit.errors import DomainError
from phone_numbers import rules
from phone_numbers.address_rules import address_name
from phone_numbers.address_service import AddressService
from phone_numbers.carrier_refusals import address_refusal, describe_refusal
from phone_numbers.errors import (
    AddressDeletionPaused,
    AddressDeletionUnconfirmed,
    AddressInUse,
    AddressUnconfirmed,
    refusal_by_carrier,
)
from phone_numbers.models import AddressState, RegisteredAddress
from tenants.models import Organization
from tenants.services import RESTORE_PERIOD

_BATCH_ROWS = 500
_NOT_RECEIVED = "The address did not reach the carrier"
log = structlog.get_logger("epoch.numbers")


class AddressRegistrar:
    """Registers and deletes addresses. It checks no permission: the guards of the handlers do."""

    def __init__(self, database: Database, carrier: Carrier, *, abandoned_after: timedelta) -> None:
        self._database = database
        self._carrier = carrier
        self._abandoned_after = abandoned_after

    async def register(self, organization_id: UUID, address: PostalAddress, *, by: Actor) -> UUID:
        """Register ``address``; return the id of its row.

        Raises:
            AddressExists: the organization has an address in this country.
            AddressNotValid: the carrier does not accept the address.
            CarrierBusy, CarrierNotAnswering, AddressUnconfirmed, Unavailable: the carrier does not answer, or refuses
                our credentials.
        """
        deployment_name = (await self._read_deployment()).name
        async with self._session(organization_id, by) as session:
            row_id = (await AddressService(session).add_requested(organization_id, address, by=by)).id
        name = address_name(deployment_name, row_id)
        try:
            created = await self._carrier.create_address(address, friendly_name=name)
        except (CarrierAccessRefused, NotDoneAtCarrier) as error:
            raise await self._refuse(organization_id, row_id, refusal_by_carrier(error), error, by) from error
        except CarrierUnavailable as error:
            log.warning("address_unanswered", address=str(row_id), error=str(error))
            created = await self._find_unanswered(name)
        except CarrierError as error:
            raise await self._refuse(organization_id, row_id, address_refusal(error.code), error, by) from error
        await self._confirm(organization_id, row_id, created, by)
        return row_id

    async def delete(self, organization_id: UUID, address_id: UUID, *, by: Actor) -> None:
        """Delete an address here and at the carrier; an address of another deployment stays at the carrier.

        Raises:
            NotFound: the organization does not have the address.
            AddressPending: the carrier has not confirmed the address yet.
            AddressInUse: a number needs the address.
            AddressDeletionPaused: this database is a copy that nobody has confirmed.
            AddressDeletionUnconfirmed: the carrier does not answer; the reconciliation repeats the deletion.
        """
        deployment = await self._read_deployment()
        if deployment.is_copy:
            raise AddressDeletionPaused
        async with self._session(organization_id, by) as session:
            await AddressService(session).begin_deletion(organization_id, address_id, by=by)
        try:
            is_used = await self._delete_at_carrier(address_name(deployment.name, address_id))
        except CarrierError as error:
            log.warning("address_not_deleted", address=str(address_id), error=str(error))
            raise AddressDeletionUnconfirmed from error
        async with self._session(organization_id, by) as session:
            service = AddressService(session)
            if is_used:
                await service.cancel_deletion(organization_id, address_id)
            else:
                await service.finish_deletion(organization_id, address_id, by=by)
        if is_used:
            raise AddressInUse

    async def finish_changes(self) -> None:
        """Finish pending registrations and deletions of all organizations; delete the addresses of deleted ones.

        The database role must see all rows, and the deployment must be confirmed. Raises: CarrierError.
        """
        for row in await self._list_abandoned():
            found = await self._carrier.find_addresses(friendly_name=await self._name_of(row.id))
            if found:
                await self._confirm(row.organization_id, row.id, found[0], SYSTEM)
            else:
                await self._drop(row.organization_id, row.id, _NOT_RECEIVED, SYSTEM)
        for row in await self._list_to_delete():
            with suppress(DomainError):  # the next run tries again
                await self.delete(row.organization_id, row.id, by=SYSTEM)

    async def _delete_at_carrier(self, name: str) -> bool:
        """Delete the addresses with this name; return True, without deletion, when a number needs one.

        Raises: CarrierError.
        """
        for found in await self._carrier.find_addresses(friendly_name=name):
            with suppress(NotFoundAtCarrier):  # another process deleted it
                if await self._carrier.is_address_used(found.sid):
                    return True
                await self._carrier.delete_address(found.sid)
        return False

    async def _find_unanswered(self, name: str) -> CarrierAddress:
        """The address of a request without a response, if the carrier lists it.

        Raises: AddressUnconfirmed, when it is not listed: the request may still reach the carrier.
        """
        try:
            found = await self._carrier.find_addresses(friendly_name=name)
        except CarrierError as error:
            raise AddressUnconfirmed from error
        if not found:
            raise AddressUnconfirmed
        return found[0]

    async def _refuse(
        self, organization_id: UUID, address_id: UUID, refusal: DomainError, error: CarrierError, by: Actor
    ) -> DomainError:
        """Store that the carrier does not have the address; return ``refusal``."""
        meaning = describe_refusal(error.code)
        log.warning("address_refused", address=str(address_id), error=str(error), meaning=meaning)
        await self._drop(organization_id, address_id, refusal.message, by)
        return refusal

    async def _confirm(self, organization_id: UUID, address_id: UUID, created: CarrierAddress, by: Actor) -> None:
        async with self._session(organization_id, by) as session:
            await AddressService(session).confirm(organization_id, address_id, created, by=by)

    async def _drop(self, organization_id: UUID, address_id: UUID, reason: str, by: Actor) -> None:
        async with self._session(organization_id, by) as session:
            await AddressService(session).drop_requested(organization_id, address_id, reason, by=by)

    async def _list_abandoned(self) -> Sequence[RegisteredAddress]:
        query = sa.select(RegisteredAddress).where(RegisteredAddress.state == AddressState.REQUESTED)
        rows = await self._list(query)
        return [row for row in rows if rules.requested_at(row.id) < utc_now() - self._abandoned_after]

    async def _list_to_delete(self) -> Sequence[RegisteredAddress]:
        """Addresses whose deletion has begun, and those of organizations past their restore period."""
        is_past = Organization.deleted_at < utc_now() - RESTORE_PERIOD
        query = (
            sa.select(RegisteredAddress)
            .join(Organization, Organization.id == RegisteredAddress.organization_id)
            .where(
                RegisteredAddress.state != AddressState.REQUESTED,
                (RegisteredAddress.state == AddressState.DELETING) | is_past,
            )
        )
        return await self._list(query)

    async def _list(self, query: sa.Select[RegisteredAddress]) -> Sequence[RegisteredAddress]:
        async with self._database.sessions() as session:
            rows: Sequence[RegisteredAddress] = (
                await session.scalars(query.order_by(RegisteredAddress.id).limit(_BATCH_ROWS))
            ).all()
            return rows

    async def _name_of(self, address_id: UUID) -> str:
        return address_name((await self._read_deployment()).name, address_id)

    async def _read_deployment(self) -> Deployment:
        async with self._database.sessions() as session:
            return await DeploymentService(session).read()

    def _session(self, organization_id: UUID, by: Actor) -> AbstractAsyncContextManager[AsyncSession]:
        return self._database.tenant_session(organization_id, by.user_id, actor=by)
