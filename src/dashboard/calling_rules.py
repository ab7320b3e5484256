"""Settings section **Calling rules**: countries, limits, blocked numbers; also the form for the limits of one token."""

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


async def section_context(request: SettingsRequest, session: AsyncSession, member: MemberAuth) -> Mapping[str, Any]:
    """Template context of the section."""
    rules = await CallingRulesService(session).get(member.organization_id)
    enabled_countries = [(code, country_name(code)) for code in rules.countries if code != rules.country]
    may_change = member.role.rank >= Role.ADMIN.rank
    return {
        "home_country": country_name(rules.country),
        "home_country_in_sentence": country_in_sentence(rules.country),
        "enabled_countries": sorted(enabled_countries, key=lambda item: item[1]),
        "other_countries": [name for code, name in countries().items() if code not in rules.countries],
        "limit_rows": limit_rows(rules, may_change=may_change),
        "not_yet_callable_country_count": sum(
            1 for code, _ in enabled_countries if code not in rules.callable_countries
        ),
        "blocked_numbers": rules.blocked_numbers,
        "new_account_until": rules.limits.new_until,
        "upgrade": None if member.plan in WIDGET_PLANS else await upgrade_offer(request, session, member),
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
        form, member = await read_form(request, "destination"), current_member(request)
        service = CallingRulesService(db_session)
        try:
            ensure_valid_text(form)
            [code] = parse_countries([form["destination"]], "destination")
            before = await service.get_for_update(member.organization_id)
            after = await service.update(member.organization_id, by=member.actor, countries=[*before.countries, code])
        except ValidationFailed as refusal:
            return await render_settings(request, db_session, SettingsSection.CALLING_RULES, form.refused(refusal))
        return redirect(request, _section_url(slug), country_enabled_notice(code, before, after))

    @post("/calling-rules/countries/remove")
    async def disallow_country(
        self, request: SettingsRequest, db_session: NamedDependency[AsyncSession], slug: FromPath[str]
    ) -> Response[str]:
        form, member = await read_form(request, "code"), current_member(request)
        service = CallingRulesService(db_session)
        before = await service.get_for_update(member.organization_id)
        remaining = [code for code in before.countries if code != form["code"]]
        after = await service.update(member.organization_id, by=member.actor, countries=remaining)
        return redirect(request, _section_url(slug), country_disabled_notice(form["code"][:2], after))

    @post("/calling-rules/limits")
    async def set_limits(
        self, request: SettingsRequest, db_session: NamedDependency[AsyncSession], slug: FromPath[str]
    ) -> Response[str]:
        form, member = await read_form(request, *SETTABLE_LIMITS), current_member(request)
        service = CallingRulesService(db_session)
        before = await service.get_for_update(member.organization_id)
        try:
            chosen = parse_limits(form, before.limits)
            after = await service.update(member.organization_id, by=member.actor, limits=chosen)
        except ValidationFailed as refusal:
            return await render_settings(request, db_session, SettingsSection.CALLING_RULES, form.refused(refusal))
        return redirect(request, _section_url(slug), limits_notice(chosen, before, after))

    @post("/calling-rules/blocked")
    async def block_number(
        self, request: SettingsRequest, db_session: NamedDependency[AsyncSession], slug: FromPath[str]
    ) -> Response[str]:
        form, member = await read_form(request, "blocked_numbers"), current_member(request)
        service = CallingRulesService(db_session)
        before = await service.get_for_update(member.organization_id)
        try:
            ensure_valid_text(form)
            blocked = [*before.blocked_numbers, form["blocked_numbers"]]
            async with db_session.begin_nested():
                after = await service.update(member.organization_id, by=member.actor, blocked_numbers=blocked)
        except ValidationFailed as refusal:
            return await render_settings(request, db_session, SettingsSection.CALLING_RULES, form.refused(refusal))
        added = [number for number in after.blocked_numbers if number not in before.blocked_numbers]
        notice = f"{readable(added[0])} is blocked" if added else "This number is blocked already"
        return redirect(request, _section_url(slug), notice)

    @post("/calling-rules/blocked/remove")
    async def unblock_number(
        self, request: SettingsRequest, db_session: NamedDependency[AsyncSession], slug: FromPath[str]
    ) -> Response[str]:
        form, member = await read_form(request, "number"), current_member(request)
        service = CallingRulesService(db_session)
        before = await service.get_for_update(member.organization_id)
        remaining = [number for number in before.blocked_numbers if number != form["number"]]
        after = await service.update(member.organization_id, by=member.actor, blocked_numbers=remaining)
        removed = [number for number in before.blocked_numbers if number not in after.blocked_numbers]
        notice = number_unblocked_notice(removed[0], after) if removed else "This number is not blocked"
        return redirect(request, _section_url(slug), notice)

    @post("/embed-tokens/{token_id:uuid}/limits")
    async def set_token_limits(
        self,
        request: SettingsRequest,
        db_session: NamedDependency[AsyncSession],
        slug: FromPath[str],
        token_id: FromPath[UUID],
    ) -> Response[str]:
        form, member = await read_form(request, "minutes_per_day", "live_calls", "countries"), current_member(request)
        token = await EmbedTokenService(db_session).get_active(member.organization_id, token_id)
        try:
            ensure_valid_text(form)
            limits = parse_token_limits(form, token_id)
            async with db_session.begin_nested():
                after = await CallingRulesService(db_session).set_token_limits(
                    member.organization_id, limits, by=member.actor
                )
        except DomainError as refusal:
            await db_session.refresh(token)
            return await render_token_page(request, db_session, token, limits_form=form.refused(refusal))
        notice = token_limits_notice(limits, after)
        return redirect(request, f"/dashboard/{slug}/settings/embed-tokens/{token_id}#limits", notice)


def _section_url(slug: str) -> str:
    return settings_path(slug, SettingsSection.CALLING_RULES)
