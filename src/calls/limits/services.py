"""Reads and changes calling rules: countries, blocked numbers, limits of the organization and of its tokens."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by, insert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from calls.limits.destinations import callable_countries, selected_countries
from calls.limits.effective_limits import EffectiveLimits, LimitSources, effective_limits, invalid_limit_message
from calls.limits.limit_usage import LimitUsageService
from calls.limits.models import BlockedNumber, CallingRules, LimitOverride, TokenLimits
from calls.limits.rule_input import TokenCallLimits, parse_blocked_number, parse_countries, parse_token_limits
from kit.actor import Actor
from kit.audit import record
from kit.clock import utc_now
from kit.e164 import masked
from kit.errors import NotFound, ValidationFailed
from tenants.models import Organization
from tenants.plans import Plan
from widget.models import EmbedToken

MAX_BLOCKED_NUMBERS = 1000


class CallingRulesView(msgspec.Struct, frozen=True):
    """An organization's calling rules, and the usage of its limits."""

    plan: Plan
    country: str
    zone: dt.tzinfo
    """The organization's time zone, for days in sentences; the days of limits are in UTC."""
    countries: Sequence[str]
    """The home country and the enabled foreign ones."""
    callable_countries: frozenset[str]
    """Countries that can be called now: for a new organization its home country only."""
    blocked_numbers: Sequence[str]
    limits: EffectiveLimits
    sources: LimitSources
    """The values from which ``limits`` were calculated."""
    granted_until: Mapping[str, dt.datetime]
    """The end of each limit that staff set until a date."""
    used: Mapping[str, int]
    """The usage of each limit, by its name, in its present window."""
    tokens: Sequence[TokenCallLimits]


class CallingRulesService:
    """Calling rules of one organization at a time."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, organization_id: UUID) -> CallingRulesView:
        """The rules. Raises: NotFound."""
        now = utc_now()
        found = (await self._session.execute(_rules_of(organization_id))).one_or_none()
        if found is None:
            raise NotFound
        organization, own_rules, blocked = found
        overrides = await self._overrides(organization_id, now)
        sources = LimitSources(
            organization.plan,
            organization.created_at,
            organization.limits,
            {row.name: row.value for row in overrides},
            {} if own_rules is None else own_rules.limits,
        )
        limits, chosen = effective_limits(sources, now), None if own_rules is None else own_rules.countries
        token_limits = (
            sa.select(TokenLimits)
            .join(EmbedToken, EmbedToken.id == TokenLimits.token_id)
            .where(TokenLimits.owned_by(organization_id), EmbedToken.revoked_at.is_(None))
            .order_by(TokenLimits.id)
        )
        is_new = limits.new_until is not None
        return CallingRulesView(
            plan=organization.plan,
            country=organization.country,
            zone=organization.zone,
            countries=selected_countries(organization.country, chosen),
            callable_countries=callable_countries(organization.country, chosen, is_new=is_new),
            blocked_numbers=blocked or [],
            limits=limits,
            sources=sources,
            granted_until={row.name: row.ends_at for row in overrides},
            used=await LimitUsageService(self._session).read(organization_id, now),
            tokens=[_token_call_limits(row) for row in await self._session.scalars(token_limits)],
        )

    async def _overrides(self, organization_id: UUID, now: dt.datetime) -> Sequence[LimitOverride]:
        query = sa.select(LimitOverride).where(LimitOverride.owned_by(organization_id), LimitOverride.ends_at > now)
        return (await self._session.scalars(query)).all()

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
            # A value that equals the base is not stored, so that it follows later changes of the plan and of overrides.
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
        own_rows = TokenLimits.owned_by(organization_id), TokenLimits.token_id == token_id
        row = await self._session.scalar(sa.select(TokenLimits).where(*own_rows))
        return TokenCallLimits(token_id) if row is None else _token_call_limits(row)

    async def set_token_limits(self, organization_id: UUID, rule: TokenCallLimits, *, by: Actor) -> CallingRulesView:
        """Replace the limits of one token. Raises: ValidationFailed."""
        known = (await self.get_for_update(organization_id)).tokens
        others = [other for other in known if other.token_id != rule.token_id]
        return await self.update(organization_id, by=by, tokens=[*others, rule])

    async def _replace_blocked_numbers(
        self, organization_id: UUID, before: CallingRulesView, typed: Sequence[str]
    ) -> None:
        own_rows = BlockedNumber.owned_by(organization_id)
        parsed = [parse_blocked_number(number, before.country) for number in typed]
        numbers = dict.fromkeys(parsed)
        if len(parsed) > MAX_BLOCKED_NUMBERS:
            # Numbers of callers who pressed 9 do not count, because the organization did not add them.
            by_callers = sa.select(BlockedNumber.number).where(own_rows, BlockedNumber.asked_at.is_not(None))
            requested_by_callers = set(await self._session.scalars(by_callers))
            if sum(number not in requested_by_callers for number in parsed) > MAX_BLOCKED_NUMBERS:
                raise ValidationFailed([("blocked_numbers", f"At most {MAX_BLOCKED_NUMBERS} numbers")])
        removed = set(before.blocked_numbers) - numbers.keys()
        await self._session.execute(sa.delete(BlockedNumber).where(own_rows, BlockedNumber.number.in_(removed)))
        self._session.add_all(
            BlockedNumber(organization_id=organization_id, number=number)
            for number in numbers
            if number not in before.blocked_numbers
        )
        await self._session.flush()

    async def _replace_token_limits(self, organization_id: UUID, rules: Sequence[TokenCallLimits]) -> None:
        rules_by_token = {rule.token_id: rule for rule in rules}
        active = sa.select(EmbedToken.id).where(
            EmbedToken.owned_by(organization_id), EmbedToken.id.in_(rules_by_token), EmbedToken.revoked_at.is_(None)
        )
        if set(await self._session.scalars(active)) != rules_by_token.keys():
            raise ValidationFailed([("tokens", "There is no such active token")])
        await self._session.execute(sa.delete(TokenLimits).where(TokenLimits.owned_by(organization_id)))
        for rule in rules_by_token.values():
            checked = parse_token_limits(rule)
            if not checked.is_empty:
                self._session.add(TokenLimits(organization_id=organization_id, **msgspec.structs.asdict(checked)))
        await self._session.flush()


def _rules_of(organization_id: UUID) -> sa.Select[Any]:
    """An organization with its own rules and its blocked numbers."""
    in_order = aggregate_order_by(BlockedNumber.number, BlockedNumber.id)
    blocked = sa.select(sa.func.array_agg(in_order)).where(BlockedNumber.owned_by(organization_id))
    return (
        sa.select(Organization, CallingRules, blocked.scalar_subquery())
        .outerjoin(CallingRules, CallingRules.organization_id == Organization.id)
        .where(Organization.id == organization_id, Organization.deleted_at.is_(None))
    )


def _token_call_limits(row: TokenLimits) -> TokenCallLimits:
    return TokenCallLimits(row.token_id, row.minutes_per_day, row.live_calls, row.countries)


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
    # The audit log is append-only, so other people's numbers are stored masked.
    for rules in (old, new):
        rules["blocked_numbers"] = [masked(number) for number in rules["blocked_numbers"]]
    return {"before": {name: old[name] for name in changed}, "after": {name: new[name] for name in changed}}
