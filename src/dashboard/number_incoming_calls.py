"""Pages of the settings of incoming calls of one number, which follows the organization's or has its own.

The forms of its own settings are those of ``dashboard.incoming_calls``.
"""

from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from calls.incoming.controllers import save_settings
from calls.incoming.settings_service import IncomingSettingsService
from dashboard.guards import requires_membership
from dashboard.incoming_calls import FOLLOW_EFFECT, incoming_path
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


class NumberIncomingCallPages(Controller):
    """The page of a number, and the beginning and the end of settings of its own."""

    path = "/dashboard/{slug:str}/settings/incoming-calls/{number_id:uuid}"

    @get(guards=[requires_membership])
    async def show(
        self, request: SettingsRequest, db_session: NamedDependency[AsyncSession], number_id: FromPath[UUID]
    ) -> Response[str]:
        """The settings that hold for the number."""
        await PhoneNumberService(db_session).get_held(current_member(request).organization_id, number_id)
        return await render_settings(request, db_session, SettingsSection.INCOMING_CALLS)

    @post("/own", guards=_ADMIN)
    async def begin_own(
        self,
        request: SettingsRequest,
        db_session: NamedDependency[AsyncSession],
        slug: FromPath[str],
        number_id: FromPath[UUID],
    ) -> Response[str]:
        """Give the number the organization's settings as its own."""
        await read_form(request)
        organization_id = current_member(request).organization_id
        number = await PhoneNumberService(db_session).get_held(organization_id, number_id)
        service = IncomingSettingsService(db_session)
        if await service.get_of_number(organization_id, number_id) is None:
            now = await service.get(organization_id)
            await save_settings(request, db_session, organization_id, now, number_id=number_id)
        notice = f"{readable(number.e164)} has its own settings now, a copy of those of your other numbers"
        return redirect(request, incoming_path(slug, number_id), notice)

    @get("/follow", guards=_ADMIN)
    async def confirm_follow(
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
            text=FOLLOW_EFFECT,
            submit="Delete its settings",
            action=f"{incoming_path(slug, number_id)}/follow",
            back=incoming_path(slug, number_id),
        )

    @post("/follow", guards=_ADMIN)
    async def follow(
        self,
        request: SettingsRequest,
        db_session: NamedDependency[AsyncSession],
        slug: FromPath[str],
        number_id: FromPath[UUID],
    ) -> Response[str]:
        await read_form(request)
        who = current_member(request)
        number = await PhoneNumberService(db_session).get_held(who.organization_id, number_id)
        await IncomingSettingsService(db_session).follow_organization(who.organization_id, number_id, by=who.actor)
        notice = f"{readable(number.e164)} has the settings of your other numbers again"
        return redirect(request, incoming_path(slug, number_id), notice)
