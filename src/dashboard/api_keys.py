"""Settings section **API keys**: list keys, create a key and show it once, revoke a key."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from dashboard import show_once
from dashboard.guards import requires_membership
from dashboard.page_slice import page_slice
from dashboard.pages import redirect, render
from dashboard.settings import Section, SettingsRequest, register, render_settings
from kit.db.paging import split_page
from kit.errors import DomainError, ValidationFailed
from kit.http.app_key import SETTINGS
from kit.http.forms import Form, read_form
from tenants.api_keys.services import ApiKeyService
from tenants.auth import MemberAuth, current_member
from tenants.guards import requires_role
from tenants.models import KeyScope, Role
from tenants.settings_paths import SettingsSection, settings_path

SCOPE_LABELS: Mapping[str, str] = {KeyScope.READ.value: "Read only", KeyScope.WRITE.value: "Read and write"}
REVOKE_EFFECT = "Programs that use it are refused from now on. A revoked key cannot be restored."
_ADMIN = [requires_membership, requires_role(Role.ADMIN)]


async def section_context(request: SettingsRequest, session: AsyncSession, member: MemberAuth) -> Mapping[str, Any]:
    """Template context of the section."""
    page = page_slice(request, "keys")
    rows = await ApiKeyService(session).list_active(member.organization_id, after=page.after, limit=page.limit)
    keys, next_cursor = split_page(rows, page.limit)
    return {
        "api_keys": keys,
        "page_links": page.links(next_cursor, SettingsSection.API_KEYS),
        "scope_labels": SCOPE_LABELS,
        "revoke_effect": REVOKE_EFFECT,
    }


register(
    Section(
        SettingsSection.API_KEYS,
        "api-keys",
        "API keys",
        "settings/_api_keys.html",
        section_context,
        lowest_role=Role.ADMIN,
    )
)


class ApiKeyPages(Controller):
    """Pages of API keys."""

    path = "/dashboard/{slug:str}/settings/api-keys"
    guards = _ADMIN

    @post()
    async def create(
        self, request: SettingsRequest, db_session: NamedDependency[AsyncSession], slug: FromPath[str]
    ) -> Response[str]:
        form, member = await read_form(request, "label", "scope"), current_member(request)
        try:
            async with db_session.begin_nested():
                key, raw = await ApiKeyService(db_session).issue(
                    member.organization_id, label=form["label"], scope=_scope(form), by=member.actor
                )
        except DomainError as refusal:
            return await render_settings(request, db_session, SettingsSection.API_KEYS, form.refused(refusal))
        path = f"/dashboard/{slug}/settings/api-keys/created"
        secret = show_once.secret_cookie(request, path, show_once.IssuedSecret(key.id, raw))
        return redirect(request, path, cookies=[secret])

    @get("/created")
    async def created(
        self, request: SettingsRequest, db_session: NamedDependency[AsyncSession], slug: FromPath[str]
    ) -> Response[str]:
        """Show the key once; afterwards redirect to the list."""
        issued, member = show_once.read_secret(request), current_member(request)
        if issued is None:
            return redirect(request, _section_url(slug))
        key = await ApiKeyService(db_session).get_active(member.organization_id, issued.subject_id)
        response = render(
            request,
            "settings/api_key_created.html",
            key=key,
            raw_key=issued.raw,
            scope_label=SCOPE_LABELS[key.scope.value],
            example=f'curl -H "Authorization: Bearer {issued.raw}" '
            f"{SETTINGS.get(request.app).public_url}/api/organizations/{member.organization_id}/calls",
            back_url=_section_url(slug),
        )
        response.set_cookie(show_once.clear_cookie(request))
        return response

    @get("/{key_id:uuid}/revoke")
    async def confirm_revoke(
        self,
        request: SettingsRequest,
        db_session: NamedDependency[AsyncSession],
        slug: FromPath[str],
        key_id: FromPath[UUID],
    ) -> Response[str]:
        """Confirmation page, for browsers without scripts."""
        key = await ApiKeyService(db_session).get_active(current_member(request).organization_id, key_id)
        return render(
            request,
            "confirm.html",
            title=f"Revoke “{key.label or key.prefix}”?",
            text=REVOKE_EFFECT,
            submit="Revoke key",
            action=f"/dashboard/{slug}/settings/api-keys/{key_id}/revoke",
            back_url=_section_url(slug),
        )

    @post("/{key_id:uuid}/revoke")
    async def revoke(
        self,
        request: SettingsRequest,
        db_session: NamedDependency[AsyncSession],
        slug: FromPath[str],
        key_id: FromPath[UUID],
    ) -> Response[str]:
        await read_form(request)
        member = current_member(request)
        service = ApiKeyService(db_session)
        key = await service.get_active(member.organization_id, key_id)
        await service.revoke(member.organization_id, key_id, by=member.actor)
        notice = f"API key revoked: programs that use “{key.label or key.prefix}” are refused from now on."
        return redirect(request, _section_url(slug), notice)


def _scope(form: Form) -> KeyScope:
    try:
        return KeyScope(form["scope"])
    except ValueError as error:
        raise ValidationFailed([("scope", "Choose what the key may do")]) from error


def _section_url(slug: str) -> str:
    return settings_path(slug, SettingsSection.API_KEYS)
