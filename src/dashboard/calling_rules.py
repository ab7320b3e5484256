"""Settings section **Calling rules**: countries, limits, blocked numbers, and the rules of one token."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

import msgspec
from litestar import Controller, Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from calls.limits import limit_names as names
from calls.limits.effective_limits import EffectiveLimits
from calls.limits.limit_names import DEFAULT_LIMITS, FIXED_LIMITS
from calls.limits.rule_input import TokenCallLimits, parse_countries
from calls.limits.services import CallingRulesService
from dashboard.embed_token_page import render_token_page
from dashboard.guards import requires_membership
from dashboard.pages import redirect
from dashboard.settings import Section, SettingsRequest, register, render_settings
from kit.countries import countries, country_name
from kit.e164 import readable
from kit.errors import DomainError, ValidationFailed
from kit.http.forms import Form, ensure_valid_text, read_form
from tenants.auth import MemberAuth, current_member
from tenants.guards import requires_role
from tenants.models import Role
from widget.services import EmbedTokenService

CALLING_RULES_SECTION = "calling-rules"
MONEY_LIMITS = frozenset({names.CENTS_PER_DAY, names.CENTS_PER_MONTH, names.CENTS_PER_DAY_PER_TOKEN})
LIMIT_LABELS: Mapping[str, str] = {
    names.MINUTES_PER_DAY: "Minutes a day",
    names.MINUTES_PER_MONTH: "Minutes a month",
    names.CENTS_PER_DAY: "Spend a day",
    names.CENTS_PER_MONTH: "Spend a month",
    names.CENTS_PER_DAY_PER_TOKEN: "Spend a day with one token",
    names.CALLS_PER_DAY: "Calls a day",
    names.CALLS_PER_MINUTE: "Calls a minute",
    names.CALLS_PER_MINUTE_PER_TOKEN: "Calls a minute with one token",
    names.LIVE_CALLS: "Calls at once",
    names.LIVE_CALLS_PER_TOKEN: "Calls at once with one token",
    names.CALLS_TO_NUMBER_PER_HOUR: "Calls an hour to one number",
    names.FOREIGN_NUMBERS_PER_HOUR: "Different foreign numbers an hour",
}
_SETTABLE = tuple(name for name in LIMIT_LABELS if name in DEFAULT_LIMITS and name not in FIXED_LIMITS)
_ADMIN = [requires_membership, requires_role(Role.ADMIN)]
_WHOLE_DIGITS = 9
_TOKEN_CEILINGS = {"minutes_per_day": 1440, "live_calls": 1000}


class LimitRow(msgspec.Struct, frozen=True):
    """One limit on the page."""

    name: str
    title: str
    is_money: bool
    limit: int
    """Effective limit; in cents where it is money."""
    ceiling: int
    used: int | None
    """Present use; None for limits that are not counted per organization."""
    typed: str
    """Value of the form field."""

    @property
    def is_near(self) -> bool:
        return self.used is not None and self.used * 100 >= self.limit * 80

    def shown(self, amount: int) -> str:
        """Format an amount of this limit for people."""
        return f"${amount / 100:,.2f}" if self.is_money else f"{amount:,}"


async def section_context(_: SettingsRequest, session: AsyncSession, who: MemberAuth) -> Mapping[str, Any]:
    """Template context of the section."""
    rules = await CallingRulesService(session).get(who.organization_id)
    enabled = [(code, country_name(code)) for code in rules.countries if code != rules.country]
    return {
        "home": country_name(rules.country),
        "enabled": sorted(enabled, key=lambda item: item[1]),
        "others": [name for code, name in countries().items() if code not in rules.countries],
        "lines": [_limit_row(name, rules.limits, rules.used.get(name)) for name in _SETTABLE],
        "blocked": rules.blocked_numbers,
        "new_until": rules.limits.new_until,
        "may_change": who.role.rank >= Role.ADMIN.rank,
    }


register(Section(CALLING_RULES_SECTION, "Calling rules", "settings/_calling_rules.html", section_context))


class CallingRulePages(Controller):
    """Forms of the calling rules; each saves separately."""

    path = "/dashboard/{slug:str}/settings"
    guards = _ADMIN

    @post("/calling-rules/countries")
    async def allow_country(
        self, request: SettingsRequest, db_session: NamedDependency[AsyncSession], slug: FromPath[str]
    ) -> Response[str]:
        form, who = await read_form(request, "destination"), current_member(request)
        service = CallingRulesService(db_session)
        try:
            ensure_valid_text(form)
            [code] = parse_countries([form["destination"]], "destination")
            now = await service.get_for_update(who.organization_id)
            await service.update(who.organization_id, by=who.actor, countries=[*now.countries, code])
        except ValidationFailed as refusal:
            return await render_settings(request, db_session, refused={CALLING_RULES_SECTION: form.refused(refusal)})
        return redirect(request, _section_url(slug), f"{country_name(code)} can be called")

    @post("/calling-rules/countries/remove")
    async def disallow_country(
        self, request: SettingsRequest, db_session: NamedDependency[AsyncSession], slug: FromPath[str]
    ) -> Response[str]:
        form, who = await read_form(request, "code"), current_member(request)
        service = CallingRulesService(db_session)
        now = await service.get_for_update(who.organization_id)
        left = [code for code in now.countries if code != form["code"]]
        await service.update(who.organization_id, by=who.actor, countries=left)
        return redirect(request, _section_url(slug), f"{country_name(form['code'][:2])} can no longer be called")

    @post("/calling-rules/limits")
    async def set_limits(
        self, request: SettingsRequest, db_session: NamedDependency[AsyncSession], slug: FromPath[str]
    ) -> Response[str]:
        form, who = await read_form(request, *_SETTABLE), current_member(request)
        service = CallingRulesService(db_session)
        now = await service.get_for_update(who.organization_id)
        try:
            chosen = _read_limits(form, now.limits)
            await service.update(who.organization_id, by=who.actor, limits=chosen)
        except ValidationFailed as refusal:
            return await render_settings(request, db_session, refused={CALLING_RULES_SECTION: form.refused(refusal)})
        return redirect(request, _section_url(slug), "EffectiveLimits saved")

    @post("/calling-rules/blocked")
    async def block_number(
        self, request: SettingsRequest, db_session: NamedDependency[AsyncSession], slug: FromPath[str]
    ) -> Response[str]:
        form, who = await read_form(request, "blocked_numbers"), current_member(request)
        service = CallingRulesService(db_session)
        now = await service.get_for_update(who.organization_id)
        try:
            ensure_valid_text(form)
            blocked = [*now.blocked_numbers, form["blocked_numbers"]]
            async with db_session.begin_nested():
                after = await service.update(who.organization_id, by=who.actor, blocked_numbers=blocked)
        except ValidationFailed as refusal:
            return await render_settings(request, db_session, refused={CALLING_RULES_SECTION: form.refused(refusal)})
        fresh = [number for number in after.blocked_numbers if number not in now.blocked_numbers]
        said = f"{readable(fresh[0])} is blocked" if fresh else "This number is blocked already"
        return redirect(request, _section_url(slug), said)

    @post("/calling-rules/blocked/remove")
    async def unblock_number(
        self, request: SettingsRequest, db_session: NamedDependency[AsyncSession], slug: FromPath[str]
    ) -> Response[str]:
        form, who = await read_form(request, "number"), current_member(request)
        service = CallingRulesService(db_session)
        now = await service.get_for_update(who.organization_id)
        left = [number for number in now.blocked_numbers if number != form["number"]]
        await service.update(who.organization_id, by=who.actor, blocked_numbers=left)
        return redirect(request, _section_url(slug), "The number can be called again")

    @post("/embed-tokens/{token_id:uuid}/limits")
    async def set_token_rule(
        self,
        request: SettingsRequest,
        db_session: NamedDependency[AsyncSession],
        slug: FromPath[str],
        token_id: FromPath[UUID],
    ) -> Response[str]:
        form, who = await read_form(request, "minutes_per_day", "live_calls", "countries"), current_member(request)
        token = await EmbedTokenService(db_session).get_active(who.organization_id, token_id)
        try:
            ensure_valid_text(form)
            rule = _read_rule(form, token_id)
            async with db_session.begin_nested():
                await CallingRulesService(db_session).set_token_limits(who.organization_id, rule, by=who.actor)
        except DomainError as refusal:
            await db_session.refresh(token)
            return await render_token_page(request, db_session, token, limits_form=form.refused(refusal))
        return redirect(request, f"/dashboard/{slug}/settings/embed-tokens/{token_id}#limits", "EffectiveLimits saved")


def _limit_row(name: str, limits: EffectiveLimits, used: int | None) -> LimitRow:
    is_money, chosen = name in MONEY_LIMITS, limits.chosen[name]
    typed = f"{chosen / 100:.2f}".removesuffix(".00") if is_money else str(chosen)
    return LimitRow(name, LIMIT_LABELS[name], is_money, limits[name], limits.ceilings[name], used, typed)


def _read_limits(form: Form, limits: EffectiveLimits) -> dict[str, int]:
    """Parse the form into stored limits. Raises: ValidationFailed."""
    chosen, wrong = {}, []
    for name in _SETTABLE:
        value = _parse_cents(form[name]) if name in MONEY_LIMITS else _parse_whole_number(form[name])
        most = _limit_row(name, limits, None)
        if value is None or value > most.ceiling:
            wrong.append((name, f"From 0 to {most.shown(most.ceiling)}"))
        else:
            chosen[name] = value
    if wrong:
        raise ValidationFailed(wrong)
    return chosen


def _parse_whole_number(typed: str) -> int | None:
    text = typed.strip().replace(",", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _WHOLE_DIGITS else None


def _parse_cents(typed: str) -> int | None:
    text = typed.strip().removeprefix("$").replace(",", "")
    try:
        cents = Decimal(text) * 100
    except InvalidOperation:
        return None
    if len(text) > _WHOLE_DIGITS or not cents.is_finite() or cents < 0 or cents != int(cents):
        return None
    return int(cents)


def _read_rule(form: Form, token_id: UUID) -> TokenCallLimits:
    """Parse one token's rule. Raises: ValidationFailed, with every wrong field."""
    wrong: list[tuple[str, str]] = []
    chosen: dict[str, int | None] = {}
    countries = None
    for name, most in _TOKEN_CEILINGS.items():
        chosen[name] = value = _parse_whole_number(form[name])
        if form[name].strip() and (value is None or value > most):
            wrong.append((name, f"From 0 to {most:,}, or empty"))
    try:
        countries = _parse_country_codes(form["countries"])
    except ValidationFailed as refusal:
        wrong += refusal.errors
    if wrong:
        raise ValidationFailed(wrong)
    return TokenCallLimits(token_id, chosen["minutes_per_day"], chosen["live_calls"], countries)


def _parse_country_codes(typed: str) -> list[str] | None:
    """Parse countries separated by commas, by code or name; None for an empty field. Raises: ValidationFailed."""
    return parse_countries([part for part in typed.split(",") if part.strip()]) or None


def _section_url(slug: str) -> str:
    return f"/dashboard/{slug}/settings#{CALLING_RULES_SECTION}"
