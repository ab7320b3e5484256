"""Stores purchases of phone numbers in the database: claimed before the carrier is asked, then completed or failed."""

from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from sqlalchemy.ext.asyncio import AsyncSession

from kit.actor import Actor
from kit.audit import record
from kit.clock import utc_now
from kit.errors import NotFound
from phone_numbers import rules
from phone_numbers.errors import PurchaseInProgress
from phone_numbers.services import PhoneNumberService, is_held_by
from tenants.models import NumberPurchase, Organization, PhoneNumber, PurchaseState
from tenants.rules import ensure_not_suspended, ensure_widget_plan


class PurchaseClaim(msgspec.Struct, frozen=True):
    """A pending purchase. Only the request that made the claim asks the carrier; the others wait for the outcome."""

    purchase_id: UUID
    e164: str
    is_new: bool
    """True for the request that made the claim."""


NumberOrClaim = PhoneNumber | PurchaseClaim
"""A number that the organization holds, or the pending purchase of it."""


class NumberPurchaseService:
    """Purchases of one organization at a time."""

    class Repository(SQLAlchemyAsyncRepository[NumberPurchase]):
        model_type = NumberPurchase

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._purchases = self.Repository(session=session)

    async def find_number_or_claim(self, organization_id: UUID, e164: str) -> NumberOrClaim | None:
        """The organization's number ``e164`` or its pending purchase; None when there is neither.

        Raises:
            PurchaseInProgress: the organization is buying another number.
        """
        # The purchase is read first: its completion adds the number in the same transaction, so that one of the two
        # is always found.
        pending = await self.get_pending(organization_id)
        if pending is not None and pending.e164 == e164:
            return PurchaseClaim(pending.id, e164, is_new=False)
        number: PhoneNumber | None = await self._session.scalar(
            sa.select(PhoneNumber).where(
                *is_held_by(organization_id), PhoneNumber.e164 == e164, PhoneNumber.releasing_at.is_(None)
            )
        )
        if number is None and pending is not None:
            raise PurchaseInProgress
        return number

    async def get_pending(self, organization_id: UUID) -> NumberPurchase | None:
        """The pending purchase; there is at most one."""
        return await self._purchases.get_one_or_none(
            NumberPurchase.owned_by(organization_id), NumberPurchase.state == PurchaseState.REQUESTED
        )

    async def claim(self, organization_id: UUID, e164: str, *, by: Actor) -> NumberOrClaim:
        """Claim the purchase of ``e164``, or return the number or the claim that exists already.

        Raises:
            NotFound, OrganizationSuspended, PlanTooLow: the organization may not have numbers.
            PurchaseInProgress, TooManyNumbers, TooManyPurchases: another purchase, or a limit, forbids it now.
        """
        # Locks the organization's row: of concurrent requests one makes the claim, the others find it.
        organization = await self._session.scalar(
            sa.select(Organization)
            .where(Organization.id == organization_id, Organization.deleted_at.is_(None))
            .with_for_update(key_share=True)
        )
        if organization is None:
            raise NotFound
        if (existing := await self.find_number_or_claim(organization_id, e164)) is not None:
            return existing
        ensure_not_suspended(organization.suspended_at is not None)
        ensure_widget_plan(organization.plan)
        rules.ensure_may_buy(
            organization.limits,
            held=await self._count(PhoneNumber, *is_held_by(organization_id)),
            bought_today=await self._count(
                NumberPurchase,
                NumberPurchase.owned_by(organization_id),
                NumberPurchase.state == PurchaseState.COMPLETED,
                NumberPurchase.created_at > utc_now() - rules.PURCHASE_WINDOW,
            ),
        )
        purchase = await self._purchases.add(
            NumberPurchase(
                organization_id=organization_id, e164=e164, state=PurchaseState.REQUESTED, requested_by=by.user_id
            )
        )
        await self._record(purchase, by, "phone_number.requested")
        return PurchaseClaim(purchase.id, e164, is_new=True)

    async def complete(
        self, organization_id: UUID, purchase_id: UUID, *, carrier_sid: str, by: Actor
    ) -> PhoneNumber | None:
        """Record that the carrier sold the number, which the organization holds from now on. Idempotent.

        Returns None when the purchase was marked as failed before: the caller must release the number at the carrier.
        An ``IntegrityError`` means that another organization's row still holds the number.
        """
        purchase = await self._get_locked(organization_id, purchase_id)
        if purchase is None or purchase.state is PurchaseState.FAILED:
            return None
        if purchase.state is PurchaseState.COMPLETED:
            return await self.get_bought_number(organization_id, purchase_id)
        purchase.state, purchase.carrier_sid, purchase.finished_at = PurchaseState.COMPLETED, carrier_sid, utc_now()
        number = PhoneNumber(organization_id=organization_id, e164=purchase.e164, carrier_sid=carrier_sid)
        self._session.add(number)
        await self._session.flush()
        await self._session.refresh(number)
        await PhoneNumberService(self._session).record_purchase(number, by=by)
        return number

    async def fail(
        self, organization_id: UUID, purchase_id: UUID, reason: str, *, carrier_error: int | None = None, by: Actor
    ) -> None:
        """Mark a pending purchase as failed; ``reason`` is for people, ``carrier_error`` the carrier's code."""
        purchase = await self._get_locked(organization_id, purchase_id)
        if purchase is not None and purchase.state is PurchaseState.REQUESTED:
            purchase.state, purchase.failure, purchase.finished_at = PurchaseState.FAILED, reason, utc_now()
            details = {"reason": reason} | ({} if carrier_error is None else {"carrier_error": str(carrier_error)})
            await self._record(purchase, by, "phone_number.not_bought", details)

    async def get(self, organization_id: UUID, purchase_id: UUID) -> NumberPurchase:
        """One purchase in its present state. Raises: NotFound."""
        purchase = await self._purchases.get_one_or_none(
            NumberPurchase.owned_by(organization_id), NumberPurchase.id == purchase_id
        )
        if purchase is None:
            raise NotFound
        return purchase

    async def get_bought_number(self, organization_id: UUID, purchase_id: UUID) -> PhoneNumber | None:
        """The number of a completed purchase."""
        query = (
            sa.select(PhoneNumber)
            .join(NumberPurchase, NumberPurchase.carrier_sid == PhoneNumber.carrier_sid)
            .where(
                PhoneNumber.owned_by(organization_id),
                NumberPurchase.owned_by(organization_id),
                NumberPurchase.id == purchase_id,
            )
        )
        number: PhoneNumber | None = await self._session.scalar(query)
        return number

    async def get_limits(self, organization_id: UUID) -> dict[str, Any]:
        """The organization's own limits, by name."""
        limits: dict[str, Any] | None = await self._session.scalar(
            sa.select(Organization.limits).where(Organization.id == organization_id)
        )
        return limits or {}

    async def _get_locked(self, organization_id: UUID, purchase_id: UUID) -> NumberPurchase | None:
        purchase: NumberPurchase | None = await self._session.scalar(
            sa.select(NumberPurchase)
            .where(NumberPurchase.owned_by(organization_id), NumberPurchase.id == purchase_id)
            .with_for_update()
        )
        return purchase

    async def _count(self, model: type[PhoneNumber | NumberPurchase], *conditions: sa.ColumnElement[bool]) -> int:
        return await self._session.scalar(sa.select(sa.func.count()).select_from(model).where(*conditions)) or 0

    async def _record(
        self, purchase: NumberPurchase, by: Actor, action: str, details: dict[str, str] | None = None
    ) -> None:
        await record(
            self._session,
            by,
            action,
            organization_id=purchase.organization_id,
            subject_id=purchase.id,
            subject_name=purchase.e164,
            details=details,
        )
