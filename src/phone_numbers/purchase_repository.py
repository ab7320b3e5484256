"""Purchases in the database: written down before the carrier is asked, settled by what it says."""

from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from advanced_alchemy.service import SQLAlchemyAsyncRepositoryService
from sqlalchemy.ext.asyncio import AsyncSession

from kit.actor import Actor
from kit.audit import record
from kit.clock import utc_now
from kit.errors import NotFound
from phone_numbers import rules
from phone_numbers.errors import PurchaseInProgress
from phone_numbers.services import audited, held_by
from tenants.models import NumberPurchase, Organization, PhoneNumber, PurchaseState
from tenants.rules import ensure_not_suspended, ensure_widget_plan


class Claim(msgspec.Struct, frozen=True):
    """A purchase under way. Whoever made it asks the carrier; all others wait for what comes of it."""

    purchase_id: UUID
    e164: str
    is_ours: bool


Standing = PhoneNumber | Claim
"""How far an organization is with a number: it has it, or it is being bought."""


class NumberPurchaseService(SQLAlchemyAsyncRepositoryService[NumberPurchase]):
    """Purchases of one organization at a time."""

    class Repository(SQLAlchemyAsyncRepository[NumberPurchase]):
        model_type = NumberPurchase

    repository_type = Repository

    async def standing(self, organization_id: UUID, e164: str) -> Standing | None:
        """How far the organization is with ``e164``; None when it has nothing to do with it.

        Raises:
            PurchaseInProgress: another number is being bought.
        """
        session = self.repository.session
        # The purchase first: it completes and makes the number in one transaction, so that one of the two is seen.
        asked = await self.under_way(organization_id)
        if asked is not None and asked.e164 == e164:
            return Claim(asked.id, e164, is_ours=False)
        number: PhoneNumber | None = await session.scalar(
            sa.select(PhoneNumber).where(
                *held_by(organization_id), PhoneNumber.e164 == e164, PhoneNumber.releasing_at.is_(None)
            )
        )
        if number is None and asked is not None:
            raise PurchaseInProgress
        return number

    async def under_way(self, organization_id: UUID) -> NumberPurchase | None:
        """The purchase that is not settled yet; there is at most one."""
        return await self.get_one_or_none(
            NumberPurchase.owned_by(organization_id), NumberPurchase.state == PurchaseState.REQUESTED
        )

    async def begin(self, organization_id: UUID, e164: str, *, by: Actor) -> Standing:
        """Claim the right to ask the carrier for ``e164``, or say who has it or what came of it.

        Raises:
            NotFound, OrganizationSuspended, PlanTooLow: the organization may not have numbers.
            PurchaseInProgress, TooManyNumbers, TooManyPurchases: not now.
        """
        session = self.repository.session
        # Locks the organization's row: of many clicks at once one makes the purchase, the others find it.
        organization = await session.scalar(
            sa.select(Organization)
            .where(Organization.id == organization_id, Organization.deleted_at.is_(None))
            .with_for_update(key_share=True)
        )
        if organization is None:
            raise NotFound
        if (standing := await self.standing(organization_id, e164)) is not None:
            return standing
        ensure_not_suspended(organization.suspended_at is not None)
        ensure_widget_plan(organization.plan)
        rules.ensure_room(
            organization.limits,
            held=await _count(session, PhoneNumber, *held_by(organization_id)),
            bought_today=await _count(
                session,
                NumberPurchase,
                NumberPurchase.owned_by(organization_id),
                NumberPurchase.state == PurchaseState.COMPLETED,
                NumberPurchase.created_at > utc_now() - rules.DAY,
            ),
        )
        purchase = NumberPurchase(
            organization_id=organization_id, e164=e164, state=PurchaseState.REQUESTED, requested_by=by.user_id
        )
        session.add(purchase)
        await session.flush()
        await _audit(session, by, "phone_number.requested", purchase)
        return Claim(purchase.id, e164, is_ours=True)

    async def complete(
        self, organization_id: UUID, purchase_id: UUID, *, carrier_sid: str, by: Actor
    ) -> PhoneNumber | None:
        """The carrier has given the number: the organization holds it from now on. Doing it twice changes nothing.

        None when the purchase was given up meanwhile: the number must go back. An ``IntegrityError`` says that another
        organization's row still holds the number.
        """
        session = self.repository.session
        purchase = await self._locked(organization_id, purchase_id)
        if purchase is None or purchase.state is PurchaseState.FAILED:
            return None
        if purchase.state is PurchaseState.COMPLETED:
            return await self.outcome(organization_id, purchase_id)
        purchase.state, purchase.carrier_sid, purchase.finished_at = PurchaseState.COMPLETED, carrier_sid, utc_now()
        number = PhoneNumber(organization_id=organization_id, e164=purchase.e164, carrier_sid=carrier_sid)
        session.add(number)
        await session.flush()
        await session.refresh(number)
        await audited(session, by, "phone_number.bought", number)
        return number

    async def fail(self, organization_id: UUID, purchase_id: UUID, why: str, *, by: Actor) -> None:
        """Give the purchase up, unless it is settled; ``why`` is for people."""
        purchase = await self._locked(organization_id, purchase_id)
        if purchase is not None and purchase.state is PurchaseState.REQUESTED:
            purchase.state, purchase.failure, purchase.finished_at = PurchaseState.FAILED, why, utc_now()
            await _audit(self.repository.session, by, "phone_number.not_bought", purchase, reason=why)

    async def one(self, organization_id: UUID, purchase_id: UUID) -> NumberPurchase:
        """One purchase as it stands. Raises: NotFound."""
        purchase = await self.get_one_or_none(
            NumberPurchase.owned_by(organization_id), NumberPurchase.id == purchase_id
        )
        if purchase is None:
            raise NotFound
        return purchase

    async def outcome(self, organization_id: UUID, purchase_id: UUID) -> PhoneNumber | None:
        """The number that a completed purchase brought."""
        query = (
            sa.select(PhoneNumber)
            .join(NumberPurchase, NumberPurchase.carrier_sid == PhoneNumber.carrier_sid)
            .where(
                PhoneNumber.owned_by(organization_id),
                NumberPurchase.owned_by(organization_id),
                NumberPurchase.id == purchase_id,
            )
        )
        number: PhoneNumber | None = await self.repository.session.scalar(query)
        return number

    async def _locked(self, organization_id: UUID, purchase_id: UUID) -> NumberPurchase | None:
        found: NumberPurchase | None = await self.repository.session.scalar(
            sa.select(NumberPurchase)
            .where(NumberPurchase.owned_by(organization_id), NumberPurchase.id == purchase_id)
            .with_for_update()
        )
        return found


async def limits_of(session: AsyncSession, organization_id: UUID) -> dict[str, Any]:
    """The organization's own limits, by name."""
    found: dict[str, Any] | None = await session.scalar(
        sa.select(Organization.limits).where(Organization.id == organization_id)
    )
    return found or {}


async def _count(
    session: AsyncSession, model: type[PhoneNumber | NumberPurchase], *conditions: sa.ColumnElement[bool]
) -> int:
    return await session.scalar(sa.select(sa.func.count()).select_from(model).where(*conditions)) or 0


async def _audit(
    session: AsyncSession, by: Actor, action: str, purchase: NumberPurchase, *, reason: str | None = None
) -> None:
    await record(
        session,
        by,
        action,
        organization_id=purchase.organization_id,
        subject_id=purchase.id,
        subject_name=purchase.e164,
        details=None if reason is None else {"reason": reason},
    )
