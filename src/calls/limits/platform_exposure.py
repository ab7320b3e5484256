"""Reads what all organizations together may call: the countries, and the highest cost of one day."""

import datetime as dt
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from calls.limits.destinations import selected_countries
from calls.limits.effective_limits import LimitSources, effective_limits
from calls.limits.limit_names import CENTS_PER_DAY, DEFAULT_AMOUNTS
from calls.limits.models import CallingRules, LimitOverride
from kit.clock import utc_now
from tenants.models import Organization
from tenants.plans import WIDGET_PLANS


class PlatformExposure(msgspec.Struct, frozen=True):
    """The countries and the daily cost that the rules of all organizations together allow."""

    organizations: int
    """The number of organizations whose plan includes calls and that are neither suspended nor deleted."""
    cents_per_day: int
    """The sum of their limits on a day's cost, as if no account were new; at least one organization's default."""
    countries: frozenset[str]
    """ISO 3166 codes of the countries that at least one of them may call."""


class PlatformExposureService:
    """Reads all organizations, so its session must see them all."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def read(self) -> PlatformExposure:
        """The exposure by the present rules."""
        now = utc_now()
        organizations = cents = 0
        countries: set[str] = set()
        overrides = await self._overrides(now)
        async for row in self._rules():
            organization_id, plan, created_at, permanent, country, own_limits, own_countries = row
            sources = LimitSources(plan, created_at, permanent, overrides.get(organization_id, {}), own_limits or {})
            organizations += 1
            cents += effective_limits(sources, now).chosen[CENTS_PER_DAY]
            countries.update(selected_countries(country, own_countries))
        return PlatformExposure(organizations, max(cents, DEFAULT_AMOUNTS[CENTS_PER_DAY]), frozenset(countries))

    async def _rules(self) -> AsyncIterator[Any]:
        query = (
            sa.select(
                Organization.id,
                Organization.plan,
                Organization.created_at,
                Organization.limits,
                Organization.country,
                CallingRules.limits,
                CallingRules.countries,
            )
            .outerjoin(CallingRules, CallingRules.organization_id == Organization.id)
            .where(
                Organization.plan.in_(WIDGET_PLANS),
                Organization.suspended_at.is_(None),
                Organization.deleted_at.is_(None),
            )
        )
        async for row in await self._session.stream(query):
            yield row

    async def _overrides(self, now: dt.datetime) -> dict[UUID, dict[str, int]]:
        query = sa.select(LimitOverride.organization_id, LimitOverride.name, LimitOverride.value).where(
            LimitOverride.ends_at > now, LimitOverride.name == CENTS_PER_DAY
        )
        return {organization_id: {name: value} for organization_id, name, value in await self._session.execute(query)}
