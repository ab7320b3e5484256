"""Settings section **Calling rules**: countries, limits, blocked numbers, and the rules of one token."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from litestar import Controller, Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from calls.limits.rule_input import parse_countries
from calls.limits.services import CallingRulesService
from dashboard.calling_rules_forms import (
    SETTABLE_LIMITS,
    limit_rows,
    parse_limits,
    parse_token_limits,
)
from dashboard.calling_rules_notices import (
    country_disabled_notice,
    country_enabled_notice,
    limits_notice,
    number_unblocked_notice,
    token_limits_notice,
)
from dashboard.embed_token_page import render_token_page
from dashboard.guards import requires_membership
from dashboard.pages import redirect
from dashboard.settings import Section, SettingsRequest, register, render_settings
from dashboard.upgrades import upgrade_offer
from kit.countries import countries, country_in_sentence, country_name
from kit.e164 import readable
from kit.errors import DomainError, ValidationFailed
from kit.http.forms import ensure_valid_text, read_form
from tenants.auth import MemberAuth, current_member
from tenants.errors import PlanTooLow
from tenants.guards import requires_role
from tenants.models import Role
from tenants.plans import WIDGET_PLANS
from tenants.settings_paths import SettingsSection, settings_path
from widget.services import EmbedTokenService

_ADMIN = [requires_membership, requires_role(Role.ADMIN)]


async def section_context(request: SettingsRequest, session: AsyncSession, who: MemberAuth) -> Mapping[str, Any]:
    """Template context of the section."""
    rules = await CallingRulesService(session).get(who.organization_id)
    enabled = [(code, country_name(code)) for code in rules.countries if code != rules.country]
    may_change = who.role.rank >= Role.ADMIN.rank
    return {
        "home": country_name(rules.country),
        "home_in_sentence": country_in_sentence(rules.country),
        "enabled": sorted(enabled, key=lambda item: item[1]),
        "others": [name for code, name in countries().items() if code not in rules.countries],
        "lines": limit_rows(rules, may_change=may_change),
        "not_yet": sum(1 for code, _ in enabled if code not in rules.callable_countries),
        "blocked": rules.blocked_numbers,
        "new_until": rules.limits.new_until,
        "upgrade": None if who.plan in WIDGET_PLANS else await upgrade_offer(request, session, who),
        "plan_too_low": PlanTooLow.message,
        "may_change": may_change,
    }


register(
    Section(
        SettingsSection.CALLING_RULES, "calling-rules", "Calling rules", "settings/_calling_rules.html", section_context
    )
)


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
            after = await service.update(who.organization_id, by=who.actor, countries=[*now.countries, code])
        except ValidationFailed as refusal:
            return await render_settings(request, db_session, SettingsSection.CALLING_RULES, form.refused(refusal))
        return redirect(request, _section_url(slug), country_enabled_notice(code, now, after))

    @post("/calling-rules/countries/remove")
    async def disallow_country(
        self, request: SettingsRequest, db_session: NamedDependency[AsyncSession], slug: FromPath[str]
    ) -> Response[str]:
        form, who = await read_form(request, "code"), current_member(request)
        service = CallingRulesService(db_session)
        now = await service.get_for_update(who.organization_id)
        left = [code for code in now.countries if code != form["code"]]
        after = await service.update(who.organization_id, by=who.actor, countries=left)
        return redirect(request, _section_url(slug), country_disabled_notice(form["code"][:2], after))

    @post("/calling-rules/limits")
    async def set_limits(
        self, request: SettingsRequest, db_session: NamedDependency[AsyncSession], slug: FromPath[str]
    ) -> Response[str]:
        form, who = await read_form(request, *SETTABLE_LIMITS), current_member(request)
        service = CallingRulesService(db_session)
        now = await service.get_for_update(who.organization_id)
        try:
            chosen = parse_limits(form, now.limits)
            after = await service.update(who.organization_id, by=who.actor, limits=chosen)
        except ValidationFailed as refusal:
            return await render_settings(request, db_session, SettingsSection.CALLING_RULES, form.refused(refusal))
        return redirect(request, _section_url(slug), limits_notice(chosen, now, after))

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
            return await render_settings(request, db_session, SettingsSection.CALLING_RULES, form.refused(refusal))
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
        after = await service.update(who.organization_id, by=who.actor, blocked_numbers=left)
        gone = [number for number in now.blocked_numbers if number not in after.blocked_numbers]
        said = number_unblocked_notice(gone[0], after) if gone else "This number is not blocked"
        return redirect(request, _section_url(slug), said)

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
            rule = parse_token_limits(form, token_id)
            async with db_session.begin_nested():
                after = await CallingRulesService(db_session).set_token_limits(who.organization_id, rule, by=who.actor)
        except DomainError as refusal:
            await db_session.refresh(token)
            return await render_token_page(request, db_session, token, limits_form=form.refused(refusal))
        said = token_limits_notice(rule, after)
        return redirect(request, f"/dashboard/{slug}/settings/embed-tokens/{token_id}#limits", said)


def _section_url(slug: str) -> str:
    return settings_path(slug, SettingsSection.CALLING_RULES)
