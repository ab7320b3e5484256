"""What people decide about calling: an organization its rules, staff its limits and the pause of everything."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by, insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from calls.limits import limit_names as names
from calls.limits.call_duration import ScopeUsage
from calls.limits.destinations import parse_blockable_number, selected_countries
from calls.limits.limit_names import (
    EffectiveLimits,
    LimitSources,
    effective_limits,
    wrong_limits,
)
from calls.limits.models import (
    BlockedNumber,
    CallingPause,
    CallingRules,
    LimitOverride,
    TokenLimits,
    UsageCounter,
    UsageScope,
)
from calls.limits.prices import MICROS_PER_CENT
from calls.limits.usage_counters import CALLING_PAUSE_LOCK
from kit.actor import Actor
from kit.audit import record
from kit.clock import utc_now
from kit.countries import countries
from kit.e164 import masked
from kit.errors import DomainError, NotFound, ValidationFailed
from tenants.jobs import enqueue_end_live_calls
from tenants.models import Organization
from widget.models import EmbedToken

MAX_BLOCKED_NUMBERS = 1000
_PAUSE_LOCK_TIMEOUT = "3s"
"""For the calls that are being judged: some thousandths of a second, unless a worker stands still."""
_MAX_ADMISSION_TIME = dt.timedelta(seconds=5)
"""Then a call that asked before a pause began is on record, if it is written at all."""
_LOCK_NOT_AVAILABLE = "55P03"
_MAX_TOKEN_MINUTES_PER_DAY = 1440
_MAX_TOKEN_LIVE_CALLS = 1000


class TokenCallLimits(msgspec.Struct, frozen=True):
    """What one token is narrowed to; None where its organization's rules suffice."""

    token_id: UUID
    minutes_per_day: int | None = None
    live_calls: int | None = None
    countries: Sequence[str] | None = None

    @property
    def is_empty(self) -> bool:
        return self.minutes_per_day is None and self.live_calls is None and self.countries is None


class CallingRulesView(msgspec.Struct, frozen=True):
    """An organization's calling rules as they stand, and what was used of its limits."""

    country: str
    countries: Sequence[str]
    """The home country, and what is enabled besides."""
    blocked_numbers: Sequence[str]
    limits: EffectiveLimits
    used: Mapping[str, int]
    """By the name of the limit: today, this month, this minute or now."""
    tokens: Sequence[TokenCallLimits]


class CallingRulesService:
    """The calling rules of one organization at a time."""

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
        """The rules, held until the transaction ends: ``change`` replaces whole lists. Raises: NotFound."""
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
        """Change what is given, each as a whole. Raises: NotFound, ValidationFailed."""
        before = await self.get_for_update(organization_id)
        values: dict[str, object] = {}
        if countries is not None:
            values["countries"] = parse_countries(countries)
        if limits is not None:
            if (wrong := wrong_limits(limits, before.limits.ceilings)) is not None:
                raise ValidationFailed([("limits", wrong)])
            values["limits"] = dict(limits)
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
        """What one token is narrowed to."""
        mine = TokenLimits.owned_by(organization_id), TokenLimits.token_id == token_id
        row = await self._session.scalar(sa.select(TokenLimits).where(*mine))
        return TokenCallLimits(token_id) if row is None else _token_call_limits(row)

    async def set_token_limits(self, organization_id: UUID, rule: TokenCallLimits, *, by: Actor) -> None:
        """Set what one token is narrowed to. Raises: ValidationFailed."""
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
            checked = validate_token_limits(rule)
            if not checked.is_empty:
                self._session.add(TokenLimits(organization_id=organization_id, **msgspec.structs.asdict(checked)))
        await self._session.flush()


async def pause_calls(session: AsyncSession, *, reason: str, by: Actor, end_live: bool = False) -> bool:
    """Stop every organization's new calls; live ones go on, unless ``end_live``.

    False when they are stopped already, and nothing is left to do: a pause can still be made to end the live calls.
    """
    is_exact = await _alone(session)
    statement = insert(CallingPause).values(id=uuid7(), reason=reason).on_conflict_do_nothing()
    is_new = await session.scalar(statement.returning(CallingPause.id)) is not None
    harder = sa.update(CallingPause).where(CallingPause.ends_live_calls.is_(False)).values(ends_live_calls=True)
    ending = await session.scalar(harder.returning(CallingPause.id)) if end_live else None
    if ending is not None:
        enqueue_end_live_calls(session, ending)
        if not is_exact:
            enqueue_end_live_calls(session, ending, after=_MAX_ADMISSION_TIME)
    if not is_new and ending is None:
        return False
    await record(session, by, "calling.paused", details={"reason": reason, "live_calls_ended": ending is not None})
    return True


async def _alone(session: AsyncSession) -> bool:
    """Wait until no call is being judged, and let none be until this transaction ends.

    False when one worker holds everybody up: a switch that stops calls must not fail because of it.
    """
    try:
        async with session.begin_nested():
            await session.execute(sa.text(f"SET LOCAL lock_timeout = '{_PAUSE_LOCK_TIMEOUT}'"))
            await session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(CALLING_PAUSE_LOCK))))
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
            raise
        return False
    return True


async def resume_calls(session: AsyncSession, *, by: Actor) -> bool:
    """Let calls be placed again. False when they were not stopped."""
    if not list(await session.scalars(sa.delete(CallingPause).returning(CallingPause.id))):
        return False
    await record(session, by, "calling.resumed")
    return True


def parse_countries(given: Sequence[str], field: str = "countries") -> list[str]:
    """Countries as they are stored, from codes or English names. Raises: ValidationFailed."""
    by_name = {name.casefold(): code for code, name in countries().items()}
    found = set()
    for typed in given:
        text = typed.strip()
        code = text.upper() if text.upper() in countries() else by_name.get(text.casefold())
        if code is None:
            raise ValidationFailed([(field, f"There is no country called {text[:64]}" if text else "Name a country")])
        found.add(code)
    return sorted(found)


def parse_blocked_number(typed: str, country: str) -> str:
    """A number for the block list as it is stored. Raises: ValidationFailed."""
    if not typed.strip():
        raise ValidationFailed([("blocked_numbers", "Enter a phone number")])
    try:
        return parse_blockable_number(typed, country)
    except DomainError as refusal:
        raise ValidationFailed([("blocked_numbers", f"{refusal.message}: {typed[:32]}")]) from refusal


def validate_token_limits(rule: TokenCallLimits) -> TokenCallLimits:
    """A token's limits as they are stored. Raises: ValidationFailed."""
    for name, value, most in (
        ("Minutes a day", rule.minutes_per_day, _MAX_TOKEN_MINUTES_PER_DAY),
        ("Calls at once", rule.live_calls, _MAX_TOKEN_LIVE_CALLS),
    ):
        if value is not None and not 0 <= value <= most:
            raise ValidationFailed([("tokens", f"{name} must be from 0 to {most}")])
    chosen = None if rule.countries is None else parse_countries(rule.countries, "tokens")
    return msgspec.structs.replace(rule, countries=chosen or None)


def _rules_of(organization_id: UUID, now: dt.datetime) -> sa.Select[Any]:
    """An organization with its own rules, its books, the limits that staff raised, and its blocked numbers."""
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
    """What stands in the books, windows that are over left out."""
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
        names.LIVE_CALLS: use.live,
        names.CALLS_PER_MINUTE: use.minute_attempts,
        names.CALLS_PER_DAY: use.day_attempts,
        names.MINUTES_PER_DAY: use.day_minutes,
        names.MINUTES_PER_MONTH: use.month_minutes,
        names.CENTS_PER_DAY: -(-use.day_micros // MICROS_PER_CENT),
        names.CENTS_PER_MONTH: -(-use.month_micros // MICROS_PER_CENT),
    }


def _changes(before: CallingRulesView, after: CallingRulesView) -> dict[str, object]:
    """What of the rules is other than it was, before and after."""

    def told(rules: CallingRulesView) -> dict[str, Any]:
        return {
            "countries": list(rules.countries),
            "blocked_numbers": list(rules.blocked_numbers),
            "limits": dict(rules.limits.chosen),
            "tokens": [msgspec.to_builtins(rule) for rule in rules.tokens],
        }

    old, new = told(before), told(after)
    changed = [name for name in old if old[name] != new[name]]
    if not changed:
        return {}
    # Nothing can be erased from the trail: other people's numbers are not put there.
    for rules in (old, new):
        rules["blocked_numbers"] = [masked(number) for number in rules["blocked_numbers"]]
    return {"before": {name: old[name] for name in changed}, "after": {name: new[name] for name in changed}}
