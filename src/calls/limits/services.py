"""Reads and changes an organization's calling rules."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by, insert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from calls.limits import limit_names
from calls.limits.call_duration import ScopeUsage
from calls.limits.destinations import selected_countries
from calls.limits.effective_limits import EffectiveLimits, LimitSources, effective_limits, invalid_limit_message
from calls.limits.models import (
    BlockedNumber,
    CallingRules,
    LimitOverride,
    TokenLimits,
    UsageCounter,
    UsageScope,
)
from calls.limits.prices import MICROS_PER_CENT
from calls.limits.rule_input import TokenCallLimits, parse_blocked_number, parse_countries, parse_token_limits
from kit.actor import Actor
from kit.audit import record
from kit.clock import utc_now
from kit.e164 import masked
from kit.errors import NotFound, ValidationFailed
from kit.rounding import divide_up
from tenants.models import Organization
from widget.models import EmbedToken

MAX_BLOCKED_NUMBERS = 1000


class CallingRulesView(msgspec.Struct, frozen=True):
    """An organization's calling rules, and what was used of its limits."""

    country: str
    countries: Sequence[str]
    """The home country and those that are enabled besides."""
    blocked_numbers: Sequence[str]
    limits: EffectiveLimits
    used: Mapping[str, int]
    """By the limit's name: today, this month, this minute or now."""
    tokens: Sequence[TokenCallLimits]


class CallingRulesService:
    """Calling rules."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, organization_id: UUID) -> CallingRulesView:
        """The rules. Raises: NotFound."""
        now = utc_now()
        found = (await self._session.execute(_rules_of(organization_id, now))).one_or_none()
        if found is None:
            raise NotFound
        organization, own, use, overrides, blocked = found
        terms = LimitSources(
            organization.plan,
            organization.created_at,
            organization.limits,
            overrides or {},
            {} if own is None else own.limits,
        )
        narrowed = (
            sa.select(TokenLimits)
            .join(EmbedToken, EmbedToken.id == TokenLimits.token_id)
            .where(TokenLimits.owned_by(organization_id), EmbedToken.revoked_at.is_(None))
            .order_by(TokenLimits.id)
        )
        return CallingRulesView(
            country=organization.country,
            countries=selected_countries(organization.country, None if own is None else own.countries),
            blocked_numbers=blocked or [],
            limits=effective_limits(terms, now),
            used=_used(use, now),
            tokens=[_token_call_limits(row) for row in await self._session.scalars(narrowed)],
        )

    async def get_for_update(self, organization_id: UUID) -> CallingRulesView:
        """The rules, locked until the transaction ends: ``update`` replaces whole lists. Raises: NotFound."""
        lock = sa.select(Organization.id).where(Organization.id == organization_id).with_for_update(key_share=True)
        await self._session.execute(lock)
        return await self.get(organization_id)

    async def update(
        self,
        organization_id: UUID,
        *,
        by: Actor,
        countries: Sequence[str] | None = None,
        blocked_numbers: Sequence[str] | None = None,
        limits: Mapping[str, int] | None = None,
        tokens: Sequence[TokenCallLimits] | None = None,
    ) -> CallingRulesView:
        """Replace each rule that is given. Raises: NotFound, ValidationFailed."""
        before = await self.get_for_update(organization_id)
        values: dict[str, object] = {}
        if countries is not None:
            values["countries"] = parse_countries(countries)
        if limits is not None:
            if (message := invalid_limit_message(limits, before.limits.ceilings)) is not None:
                raise ValidationFailed([("limits", message)])
            # What equals the plan's limit is not a choice: it follows the plan, and what staff grant later.
            base = before.limits.base
            values["limits"] = {name: value for name, value in limits.items() if value != base[name]}
        if values:
            row = {"id": uuid7(), "organization_id": organization_id, **values}
            statement = insert(CallingRules).values(row)
            await self._session.execute(
                statement.on_conflict_do_update(index_elements=["organization_id"], set_=values)
            )
        if blocked_numbers is not None:
            await self._replace_blocked_numbers(organization_id, before, blocked_numbers)
        if tokens is not None:
            await self._replace_token_limits(organization_id, tokens)
        self._session.expire_all()
        after = await self.get(organization_id)
        if changed := _changes(before, after):
            await record(self._session, by, "calling_rules.changed", organization_id=organization_id, details=changed)
        return after

    async def get_token_limits(self, organization_id: UUID, token_id: UUID) -> TokenCallLimits:
        """The limits of one token."""
        mine = TokenLimits.owned_by(organization_id), TokenLimits.token_id == token_id
        row = await self._session.scalar(sa.select(TokenLimits).where(*mine))
        return TokenCallLimits(token_id) if row is None else _token_call_limits(row)

    async def set_token_limits(self, organization_id: UUID, rule: TokenCallLimits, *, by: Actor) -> None:
        """Replace the limits of one token. Raises: ValidationFailed."""
        known = (await self.get_for_update(organization_id)).tokens
        others = [other for other in known if other.token_id != rule.token_id]
        await self.update(organization_id, by=by, tokens=[*others, rule])

    async def _replace_blocked_numbers(
        self, organization_id: UUID, before: CallingRulesView, typed: Sequence[str]
    ) -> None:
        if len(typed) > MAX_BLOCKED_NUMBERS:
            raise ValidationFailed([("blocked_numbers", f"At most {MAX_BLOCKED_NUMBERS} numbers")])
        numbers = dict.fromkeys(parse_blocked_number(number, before.country) for number in typed)
        gone = set(before.blocked_numbers) - numbers.keys()
        mine = BlockedNumber.owned_by(organization_id)
        await self._session.execute(sa.delete(BlockedNumber).where(mine, BlockedNumber.number.in_(gone)))
        self._session.add_all(
            BlockedNumber(organization_id=organization_id, number=number)
            for number in numbers
            if number not in before.blocked_numbers
        )
        await self._session.flush()

    async def _replace_token_limits(self, organization_id: UUID, rules: Sequence[TokenCallLimits]) -> None:
        wanted = {rule.token_id: rule for rule in rules}
        active = sa.select(EmbedToken.id).where(
            EmbedToken.owned_by(organization_id), EmbedToken.id.in_(wanted), EmbedToken.revoked_at.is_(None)
        )
        if set(await self._session.scalars(active)) != wanted.keys():
            raise ValidationFailed([("tokens", "There is no such active token")])
        await self._session.execute(sa.delete(TokenLimits).where(TokenLimits.owned_by(organization_id)))
        for rule in wanted.values():
            checked = parse_token_limits(rule)
            if not checked.is_empty:
                self._session.add(TokenLimits(organization_id=organization_id, **msgspec.structs.asdict(checked)))
        await self._session.flush()


def _rules_of(organization_id: UUID, now: dt.datetime) -> sa.Select[Any]:
    """An organization with its own rules, its counters, the overrides by staff, and its blocked numbers."""
    overrides = sa.select(sa.func.jsonb_object_agg(LimitOverride.name, LimitOverride.value)).where(
        LimitOverride.owned_by(organization_id), LimitOverride.ends_at > now
    )
    in_order = aggregate_order_by(BlockedNumber.number, BlockedNumber.id)
    blocked = sa.select(sa.func.array_agg(in_order)).where(BlockedNumber.owned_by(organization_id))
    is_own_use = sa.and_(UsageCounter.owned_by(organization_id), UsageCounter.scope == UsageScope.ORGANIZATION)
    return (
        sa.select(Organization, CallingRules, UsageCounter, overrides.scalar_subquery(), blocked.scalar_subquery())
        .outerjoin(CallingRules, CallingRules.organization_id == Organization.id)
        .outerjoin(UsageCounter, is_own_use)
        .where(Organization.id == organization_id, Organization.deleted_at.is_(None))
    )


def _token_call_limits(row: TokenLimits) -> TokenCallLimits:
    return TokenCallLimits(row.token_id, row.minutes_per_day, row.live_calls, row.countries)


def _used(row: UsageCounter | None, now: dt.datetime) -> dict[str, int]:
    """The use of each limit in its current window."""
    if row is None:
        use = ScopeUsage()
    else:
        day = now.replace(hour=0, minute=0, second=0, microsecond=0)
        is_today, is_month = row.day >= day, row.month >= day.replace(day=1)
        is_minute = row.minute_start > now - dt.timedelta(minutes=1)
        use = ScopeUsage(
            live=row.live,
            minute_attempts=row.minute_attempts if is_minute else 0,
            day_attempts=row.day_attempts if is_today else 0,
            day_minutes=row.day_minutes if is_today else 0,
            day_micros=row.day_micros if is_today else 0,
            month_minutes=row.month_minutes if is_month else 0,
            month_micros=row.month_micros if is_month else 0,
        )
    return {
        limit_names.LIVE_CALLS: use.live,
        limit_names.CALLS_PER_MINUTE: use.minute_attempts,
        limit_names.CALLS_PER_DAY: use.day_attempts,
        limit_names.MINUTES_PER_DAY: use.day_minutes,
        limit_names.MINUTES_PER_MONTH: use.month_minutes,
        limit_names.CENTS_PER_DAY: divide_up(use.day_micros, MICROS_PER_CENT),
        limit_names.CENTS_PER_MONTH: divide_up(use.month_micros, MICROS_PER_CENT),
    }


def _changes(before: CallingRulesView, after: CallingRulesView) -> dict[str, object]:
    """The rules that differ, before and after, for the audit log."""

    def described(rules: CallingRulesView) -> dict[str, Any]:
        return {
            "countries": list(rules.countries),
            "blocked_numbers": list(rules.blocked_numbers),
            "limits": dict(rules.limits.chosen),
            "tokens": [msgspec.to_builtins(rule) for rule in rules.tokens],
        }

    old, new = described(before), described(after)
    changed = [name for name in old if old[name] != new[name]]
    if not changed:
        return {}
    # Nothing can be erased from the audit log, so it does not get other people's numbers.
    for rules in (old, new):
        rules["blocked_numbers"] = [masked(number) for number in rules["blocked_numbers"]]
    return {"before": {name: old[name] for name in changed}, "after": {name: new[name] for name in changed}}
