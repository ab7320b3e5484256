"""Incoming-call settings of one number: shows them, and creates or deletes the number's own settings.

A number without its own settings uses the organization's. The forms that change settings are in
``dashboard.incoming_calls``.
"""

from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from calls.incoming.controllers import save_settings
from calls.incoming.settings_service import IncomingSettingsService
from dashboard.guards import requires_membership
from dashboard.incoming_calls import DELETE_SETTINGS_EFFECT, incoming_settings_path
from dashboard.pages import redirect, render
from dashboard.settings import SettingsRequest, render_settings
from kit.e164 import readable
from kit.http.forms import read_form
from phone_numbers.services import PhoneNumberService
from tenants.auth import current_member
from tenants.guards import requires_role
from tenants.models import Role
from tenants.settings_paths import SettingsSection

_ADMIN = (requires_membership, requires_role(Role.ADMIN))


class NumberIncomingSettingsPages(Controller):
    """The page of one number's settings, and the forms that create and delete its own settings."""

    path = "/dashboard/{slug:str}/settings/incoming-calls/{number_id:uuid}"

    @get(guards=[requires_membership])
    async def show(
        self, request: SettingsRequest, db_session: NamedDependency[AsyncSession], number_id: FromPath[UUID]
    ) -> Response[str]:
        """Show the settings that apply to the number."""
        await PhoneNumberService(db_session).get_held(current_member(request).organization_id, number_id)
        return await render_settings(request, db_session, SettingsSection.INCOMING_CALLS)

    @post("/own", guards=_ADMIN)
    async def create_own_settings(
        self,
        request: SettingsRequest,
        db_session: NamedDependency[AsyncSession],
        slug: FromPath[str],
        number_id: FromPath[UUID],
    ) -> Response[str]:
        """Copy the organization's settings as the number's own."""
        await read_form(request)
        organization_id = current_member(request).organization_id
        number = await PhoneNumberService(db_session).get_held(organization_id, number_id)
        service = IncomingSettingsService(db_session)
        if await service.get_of_number(organization_id, number_id) is None:
            settings = await service.get(organization_id)
            await save_settings(request, db_session, organization_id, settings, number_id=number_id)
        notice = f"{readable(number.e164)} has its own settings now, a copy of the organization's"
        return redirect(request, incoming_settings_path(slug, number_id), notice)

    @get("/follow", guards=_ADMIN)
    async def confirm_delete_own_settings(
        self,
        request: SettingsRequest,
        db_session: NamedDependency[AsyncSession],
        slug: FromPath[str],
        number_id: FromPath[UUID],
    ) -> Response[str]:
        """Confirmation page, for browsers without scripts."""
        number = await PhoneNumberService(db_session).get_held(current_member(request).organization_id, number_id)
        return render(
            request,
            "confirm.html",
            title=f"Delete the settings of {readable(number.e164)}?",
            text=DELETE_SETTINGS_EFFECT,
            submit="Delete its settings",
            action=f"{incoming_settings_path(slug, number_id)}/follow",
            back_url=incoming_settings_path(slug, number_id),
        )

    @post("/follow", guards=_ADMIN)
    async def delete_own_settings(
        self,
        request: SettingsRequest,
        db_session: NamedDependency[AsyncSession],
        slug: FromPath[str],
        number_id: FromPath[UUID],
    ) -> Response[str]:
        await read_form(request)
        member = current_member(request)
        number = await PhoneNumberService(db_session).get_held(member.organization_id, number_id)
        await IncomingSettingsService(db_session).follow_organization(
            member.organization_id, number_id, by=member.actor
        )
        notice = f"{readable(number.e164)} uses the organization's settings again"
        return redirect(request, incoming_settings_path(slug, number_id), notice)
