"""What an organization's calls add up to: by day, by token, now. Refused attempts are not counted as calls."""

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from voice.models import LIVE_STATUSES, Call
from voice.tallies import Tally, began_since, tally_columns
from widget.models import EmbedToken


class DayTally(msgspec.Struct, frozen=True):
    """The calls that began on one day, UTC."""

    day: dt.date
    tally: Tally


class TokenTally(msgspec.Struct, frozen=True):
    """The calls made with one token."""

    token_id: UUID
    name: str
    tally: Tally


class FirstSteps(msgspec.Struct, frozen=True):
    """How far an organization has come on the way to its first call."""

    has_number: bool
    has_token: bool
    has_pasted: bool
    """Some page has loaded the phone with one of its tokens."""
    has_called: bool

    @property
    def are_done(self) -> bool:
        return self.has_number and self.has_token and self.has_pasted and self.has_called


async def daily(session: AsyncSession, organization_id: UUID, *, until: dt.date, days: int) -> Sequence[DayTally]:
    """One tally for each of the ``days`` up to and with ``until``, also for those without calls."""
    first = until - dt.timedelta(days=days - 1)
    day = sa.cast(sa.func.timezone("UTC", Call.started_at), sa.Date)
    query = sa.select(day, *tally_columns()).where(*began_since(organization_id, first)).group_by(day)
    found = {began: Tally(*sums) for began, *sums in await session.execute(query)}
    dates = [first + dt.timedelta(days=number) for number in range(days)]
    return [DayTally(date, found.get(date, Tally())) for date in dates]


async def by_token(session: AsyncSession, organization_id: UUID, *, since: dt.date, limit: int) -> Sequence[TokenTally]:
    """The tokens with the most calls."""
    name = sa.func.coalesce(sa.func.nullif(EmbedToken.label, ""), EmbedToken.prefix)
    query = (
        sa.select(EmbedToken.id, name, *tally_columns())
        .join(EmbedToken, EmbedToken.id == Call.token_id)
        .where(*began_since(organization_id, since), EmbedToken.owned_by(organization_id))
        .group_by(EmbedToken.id)
        .order_by(sa.func.count().desc(), EmbedToken.id)
        .limit(limit)
    )
    return [TokenTally(token_id, name, Tally(*sums)) for token_id, name, *sums in await session.execute(query)]


async def live_now(session: AsyncSession, organization_id: UUID) -> int:
    """How many calls are under way."""
    query = sa.select(sa.func.count()).where(Call.owned_by(organization_id), Call.status.in_(LIVE_STATUSES))
    return await session.scalar(query) or 0


async def first_steps(session: AsyncSession, organization_id: UUID, *, has_number: bool) -> FirstSteps:
    """What was done of the first steps."""
    tokens = sa.select(EmbedToken.id).where(EmbedToken.owned_by(organization_id))
    query = sa.select(
        tokens.where(EmbedToken.revoked_at.is_(None)).exists(),
        tokens.where(EmbedToken.last_used_at.is_not(None)).exists(),
        sa.select(Call.id).where(Call.owned_by(organization_id)).exists(),
    )
    has_token, has_pasted, has_called = (await session.execute(query)).one()
    return FirstSteps(has_number, has_token, has_pasted or has_called, has_called)
