"""Embed tokens in the settings section **Embed Phone Widget**: list tokens, generate a token and show it once, change
or revoke a token.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec
from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from sqlalchemy.ext.asyncio import AsyncSession

from dashboard import show_once
from dashboard.embed_token_page import REVOKE_EFFECT, render_token_page
from dashboard.guards import requires_membership
from dashboard.kits import kits_context
from dashboard.page_slice import page_slice
from dashboard.pages import fragment, redirect, render
from dashboard.settings import Section, SettingsRequest, register, render_settings
from dashboard.token_domains import describe_domains
from dashboard.upgrades import upgrade_offer
from kit.db.paging import split_page
from kit.errors import DomainError, ValidationFailed
from kit.http.app_key import SETTINGS
from kit.http.forms import Form, ensure_valid_text, read_form
from tenants.auth import MemberAuth, current_member
from tenants.errors import NoPhoneNumber, OrganizationSuspended, PlanTooLow
from tenants.guards import requires_phone_number, requires_role, requires_widget_plan
from tenants.models import Role
from tenants.plans import WIDGET_PLANS
from tenants.settings_paths import SettingsSection, settings_path
from widget import domains
from widget.errors import InvalidDomains
from widget.models import EmbedToken
from widget.services import EmbedTokenService, parse_domains, script_tag
from widget.tickets import issue_page_ticket

_ADMIN = [requires_membership, requires_role(Role.ADMIN)]


class TokenObstacle(msgspec.Struct, frozen=True):
    """Reason why no token can be generated now, in the API's sentence."""

    kind: str
    sentence: str


def token_obstacle(member: MemberAuth) -> TokenObstacle | None:
    """Return the first reason why ``member`` cannot generate a token; None when they can."""
    reasons = (
        (member.suspended, "suspended", OrganizationSuspended.message),
        (member.plan not in WIDGET_PLANS, "plan", PlanTooLow.message),
        (member.caller_id is None, "number", NoPhoneNumber.message),
        (member.role.rank < Role.ADMIN.rank, "role", "Only admins and owners generate and change tokens"),
    )
    return next((TokenObstacle(kind, sentence) for applies, kind, sentence in reasons if applies), None)


async def section_context(request: SettingsRequest, session: AsyncSession, member: MemberAuth) -> Mapping[str, Any]:
    """Template context of the section."""
    page = page_slice(request, "tokens")
    rows = await EmbedTokenService(session).list_with_creators(
        member.organization_id, after=page.after, limit=page.limit
    )
    _, next_cursor = split_page([row.token for row in rows], page.limit)
    obstacle = token_obstacle(member)
    asks_for_plan = obstacle is not None and obstacle.kind == "plan"
    return {
        "tokens": rows[: page.limit],
        "page_links": page.links(next_cursor, SettingsSection.WIDGET),
        "obstacle": obstacle,
        "may_change": member.role.rank >= Role.ADMIN.rank,
        "revoke_effect": REVOKE_EFFECT,
        "upgrade": await upgrade_offer(request, session, member) if asks_for_plan else None,
    }


register(
    Section(
        SettingsSection.WIDGET,
        "embed-phone-widget",
        "Embed Phone Widget",
        "settings/_embed_phone_widget.html",
        section_context,
    )
)


class EmbedTokenPages(Controller):
    """Pages of embed tokens."""

    path = "/dashboard/{slug:str}/settings"

    @post("/embed-tokens", guards=[*_ADMIN, requires_widget_plan, requires_phone_number])
    async def generate(
        self, request: SettingsRequest, db_session: NamedDependency[AsyncSession], slug: FromPath[str]
    ) -> Response[str]:
        form, member = await read_form(request, "label", "allowed_domains"), current_member(request)
        try:
            async with db_session.begin_nested():
                token, raw = await EmbedTokenService(db_session).issue(
                    member.organization_id,
                    label=form["label"],
                    allowed_domains=form["allowed_domains"],
                    by=member.actor,
                )
        except DomainError as refusal:
            return await render_settings(request, db_session, SettingsSection.WIDGET, form.refused(refusal))
        path = f"{_tokens_url(slug)}/created"
        secret = show_once.secret_cookie(request, path, show_once.IssuedSecret(token.id, raw))
        return redirect(request, path, cookies=[secret])

    @get("/embed-tokens/created", guards=_ADMIN)
    async def created(
        self, request: SettingsRequest, db_session: NamedDependency[AsyncSession], slug: FromPath[str]
    ) -> Response[str]:
        """Show the token and its snippet once; afterwards redirect to the list."""
        issued, settings = show_once.read_secret(request), SETTINGS.get(request.app)
        if issued is None:
            return redirect(request, _section_url(slug))
        token = await EmbedTokenService(db_session).get_active(
            current_member(request).organization_id, issued.subject_id
        )
        response = render(
            request,
            "settings/token_created.html",
            widget=True,
            token=token,
            raw_token=issued.raw,
            snippet=script_tag(settings.public_url, issued.raw),
            kits=kits_context(request, token, issued.raw),
            ticket=issue_page_ticket(settings, token.id, member_id=current_member(request).actor.user_id),
            back_url=_section_url(slug),
        )
        response.set_cookie(show_once.clear_cookie(request))
        return response

    @get("/embed-tokens/domains", guards=_ADMIN)
    async def preview_domains(self, request: SettingsRequest, allowed_domains: FromQuery[str] = "") -> Response[str]:
        """Fragment with the typed domains as they would be stored; htmx requests it while somebody types."""
        try:
            parsed, error = parse_domains(allowed_domains), ""
        except InvalidDomains as refusal:
            parsed, error = (), refusal.message
        shared = [domain for domain in parsed if domains.is_shared(domain)]
        return fragment(request, "settings/_domain_preview.html", domains=parsed, shared_domains=shared, error=error)

    @get("/embed-tokens/{token_id:uuid}", guards=[requires_membership])
    async def show(
        self,
        request: SettingsRequest,
        db_session: NamedDependency[AsyncSession],
        token_id: FromPath[UUID],
        allow: FromQuery[str] = "",
    ) -> Response[str]:
        """The token's page; ``allow`` is a domain that the form contains beside the stored ones, not saved yet."""
        token = await EmbedTokenService(db_session).get_active(current_member(request).organization_id, token_id)
        return await render_token_page(request, db_session, token, proposed_domain=allow)

    @post("/embed-tokens/{token_id:uuid}", guards=_ADMIN)
    async def change(
        self,
        request: SettingsRequest,
        db_session: NamedDependency[AsyncSession],
        slug: FromPath[str],
        token_id: FromPath[UUID],
    ) -> Response[str]:
        form, member = (
            await read_form(request, "label", "allowed_domains", "allow_any", "recent_calls"),
            current_member(request),
        )
        service = EmbedTokenService(db_session)
        token = await service.get_active(member.organization_id, token_id)
        try:
            ensure_valid_text(form)
            _ensure_any_website_confirmed(token, form)
            async with db_session.begin_nested():
                token = await service.update(
                    member.organization_id,
                    token_id,
                    by=member.actor,
                    label=form["label"],
                    allowed_domains=form["allowed_domains"],
                    recent_calls=form["recent_calls"] == "yes",
                )
        except DomainError as refusal:
            await db_session.refresh(token)
            return await render_token_page(request, db_session, token, form.refused(refusal))
        recent_calls_note = " Signed-in people see their own recent calls." if token.recent_calls else ""
        return redirect(
            request, f"{_tokens_url(slug)}/{token_id}", f"Saved. {describe_domains(token)}{recent_calls_note}"
        )

    @get("/embed-tokens/{token_id:uuid}/revoke", guards=_ADMIN)
    async def confirm_revoke(
        self,
        request: SettingsRequest,
        db_session: NamedDependency[AsyncSession],
        slug: FromPath[str],
        token_id: FromPath[UUID],
    ) -> Response[str]:
        """Confirmation page, for browsers without scripts."""
        token = await EmbedTokenService(db_session).get_active(current_member(request).organization_id, token_id)
        return render(
            request,
            "confirm.html",
            title=f"Revoke “{token.label or token.prefix}”?",
            text=REVOKE_EFFECT,
            submit="Revoke token",
            action=f"{_tokens_url(slug)}/{token_id}/revoke",
            back_url=_section_url(slug),
        )

    @post("/embed-tokens/{token_id:uuid}/revoke", guards=_ADMIN)
    async def revoke(
        self,
        request: SettingsRequest,
        db_session: NamedDependency[AsyncSession],
        slug: FromPath[str],
        token_id: FromPath[UUID],
    ) -> Response[str]:
        await read_form(request)
        member = current_member(request)
        service = EmbedTokenService(db_session)
        token = await service.get_active(member.organization_id, token_id)
        await service.revoke(member.organization_id, token_id, by=member.actor)
        notice = f"Token revoked: phones with “{token.label or token.prefix}” can no longer call; a live call ends."
        return redirect(request, _section_url(slug), notice)


def _tokens_url(slug: str) -> str:
    return f"/dashboard/{slug}/settings/embed-tokens"


def _section_url(slug: str) -> str:
    return settings_path(slug, SettingsSection.WIDGET)


def _ensure_any_website_confirmed(token: EmbedToken, form: Form) -> None:
    """Raises: ValidationFailed when the last domain is removed but the box *Allow any website* is not ticked."""
    if token.allowed_domains and not form["allowed_domains"].strip() and form["allow_any"] != "yes":
        raise ValidationFailed(
            [("allowed_domains", "Without a domain any website can use this token. Tick the box if you mean that")]
        )
