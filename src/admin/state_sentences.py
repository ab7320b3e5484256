"""Sentences for staff about an organization's present state: whether its phones can call, live calls, phone numbers.

After a staff action, the state is read in the transaction of the change.
"""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from admin.formatters import format_count, format_number
from calls.limits.models import CallingPause
from calls.models import LIVE_STATUSES, Call
from tenants.models import Organization, PhoneNumber
from tenants.plans import WIDGET_PLANS


async def phones_sentence(session: AsyncSession, organization_id: UUID) -> str:
    """The sentence that says whether the organization's phones can call now, and if not, the first reason."""
    organization = await session.get_one(Organization, organization_id)
    if organization.suspended_at is not None:
        return "Its phones cannot call: the organization is suspended."
    if organization.plan not in WIDGET_PLANS:
        return f"Its phones cannot call: the {organization.plan.value.capitalize()} plan has no phones."
    if await session.scalar(sa.select(CallingPause.id).limit(1)) is not None:
        return "Its phones cannot call yet: the calls of all organizations are paused."
    if not await _held_numbers(session, organization_id):
        return "Its phones cannot call yet: the organization has no phone number."
    return "Its phones can call now."


async def live_calls_sentence(session: AsyncSession, condition: sa.ColumnElement[bool], participle: str) -> str:
    """The sentence about the live calls that fulfil ``condition``; ``participle`` says what happens to them."""
    query = sa.select(sa.func.count()).where(condition, Call.status.in_(LIVE_STATUSES))
    count = await session.scalar(query) or 0
    if not count:
        return "There is no live call."
    return f"{format_count(count, 'live call')} {'is' if count == 1 else 'are'} {participle}."


async def numbers_sentence(session: AsyncSession, organization_id: UUID) -> str:
    """The sentence about the phone numbers that an organization holds now."""
    organization = await session.get_one(Organization, organization_id)
    numbers = await _held_numbers(session, organization_id)
    if not numbers:
        return f"{organization.name} has no phone number now, so its phones cannot call."
    if len(numbers) == 1:
        return f"{organization.name} has one phone number now: {format_number(numbers[0])}."
    return f"{organization.name} has {len(numbers)} phone numbers now."


async def organization_name(session: AsyncSession, organization_id: UUID) -> str:
    """The name of an organization."""
    name: str = (await session.scalars(sa.select(Organization.name).where(Organization.id == organization_id))).one()
    return name


async def _held_numbers(session: AsyncSession, organization_id: UUID) -> list[str]:
    held = sa.select(PhoneNumber.e164).where(
        PhoneNumber.owned_by(organization_id), PhoneNumber.released_at.is_(None), PhoneNumber.releasing_at.is_(None)
    )
    return list(await session.scalars(held.order_by(PhoneNumber.id)))
