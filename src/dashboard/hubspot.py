"""Settings section **HubSpot**: connect an account, remove it, and retry calls that could not be written."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from crm.controllers import hubspot_service
from crm.failures import FINAL_REASONS, REQUIRED_SCOPES, failure_sentence
from crm.token_check import TOKEN_CHECK
from dashboard.guards import requires_membership
from dashboard.page_slice import page_slice
from dashboard.pages import redirect, render
from dashboard.settings import Section, SettingsRequest, register, render_settings
from kit.db.paging import split_page
from kit.errors import DomainError
from kit.http.forms import Form, read_form
from tenants.auth import MemberAuth, current_member
from tenants.guards import requires_role
from tenants.models import Role
from tenants.settings_paths import SettingsSection, settings_path

REMOVE_EFFECT = (
    "Calls are no longer written into HubSpot, and waiting calls are dropped. Calls that are in HubSpot stay there."
)
_ADMIN = [requires_membership, requires_role(Role.ADMIN)]


async def section_context(request: SettingsRequest, session: AsyncSession, member: MemberAuth) -> Mapping[str, Any]:
    """Template context of the section."""
    service, page = hubspot_service(request, session), page_slice(request, "failures")
    rows = await service.list_failures(member.organization_id, after=page.after, limit=page.limit)
    failures, next_cursor = split_page(rows, page.limit)
    return {
        "connection": await service.find(member.organization_id),
        "counts": await service.count(member.organization_id),
        "failures": [
            (row, row.reason and failure_sentence(row.reason, row.detail), row.reason not in FINAL_REASONS)
            for row in failures
        ],
        "page_links": page.links(next_cursor, SettingsSection.HUBSPOT),
        "required_scopes": REQUIRED_SCOPES,
        "remove_effect": REMOVE_EFFECT,
    }


register(
    Section(
        SettingsSection.HUBSPOT,
        "hubspot",
        "HubSpot",
        "settings/_hubspot.html",
        section_context,
        lowest_role=Role.ADMIN,
    )
)


class HubSpotPages(Controller):
    """Forms of the section."""

    path = "/dashboard/{slug:str}/settings/hubspot"
    guards = _ADMIN

    @post()
    async def connect(
        self, request: SettingsRequest, db_session: NamedDependency[AsyncSession], slug: FromPath[str]
    ) -> Response[str]:
        form, member = await read_form(request, "access_token"), current_member(request)
        token = form["access_token"].strip()
        try:
            # Before the first statement, so that no database connection is held while HubSpot answers.
            info = await TOKEN_CHECK.get(request.app).check(token)
        except DomainError as refusal:
            refused = Form({"access_token": ""}).refused(refusal)
            return await render_settings(request, db_session, SettingsSection.HUBSPOT, refused)
        connection = await hubspot_service(request, db_session).connect(
            member.organization_id, token, info, by=member.actor
        )
        notice = f"Connected: calls are written into the HubSpot account {connection.portal_id}."
        return redirect(request, _section_url(slug), notice)

    @get("/remove")
    async def confirm_remove(self, request: SettingsRequest, slug: FromPath[str]) -> Response[str]:
        """Confirmation page, for browsers without scripts."""
        return render(
            request,
            "confirm.html",
            title="Remove HubSpot?",
            text=REMOVE_EFFECT,
            submit="Remove HubSpot",
            action=f"{_section_url(slug)}/remove",
            back_url=_section_url(slug),
        )

    @post("/remove")
    async def remove(
        self, request: SettingsRequest, db_session: NamedDependency[AsyncSession], slug: FromPath[str]
    ) -> Response[str]:
        await read_form(request)
        member = current_member(request)
        await hubspot_service(request, db_session).remove(member.organization_id, by=member.actor)
        return redirect(request, _section_url(slug), "HubSpot is removed: no call is written there any more.")

    @post("/retry")
    async def retry_all(
        self, request: SettingsRequest, db_session: NamedDependency[AsyncSession], slug: FromPath[str]
    ) -> Response[str]:
        await read_form(request)
        count = await hubspot_service(request, db_session).retry_all(current_member(request).organization_id)
        notice = f"{count} {'call is' if count == 1 else 'calls are'} tried again: reload the page to see the result."
        return redirect(request, _section_url(slug), notice)

    @post("/failures/{failure_id:uuid}/retry")
    async def retry(
        self,
        request: SettingsRequest,
        db_session: NamedDependency[AsyncSession],
        slug: FromPath[str],
        failure_id: FromPath[UUID],
    ) -> Response[str]:
        await read_form(request)
        await hubspot_service(request, db_session).retry(current_member(request).organization_id, failure_id)
        return redirect(request, _section_url(slug), "The call is tried again: reload the page to see the result.")


def _section_url(slug: str) -> str:
    return settings_path(slug, SettingsSection.HUBSPOT)
