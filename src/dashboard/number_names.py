"""Forms in the settings section **Phone number** that rename a number, or make it the default."""

from uuid import UUID

from litestar import Controller, Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from dashboard.guards import requires_membership
from dashboard.pages import redirect
from dashboard.settings import SettingsRequest, render_settings
from kit.e164 import readable
from kit.errors import ValidationFailed
from kit.http.forms import Form, read_form
from phone_numbers.services import PhoneNumberService
from tenants.auth import current_member
from tenants.guards import requires_role
from tenants.models import Role
from tenants.settings_paths import SettingsSection, settings_path

RENAMED_NUMBER = "renamed_number"
"""Key in the values of a refused form: the id of the number that was to be renamed."""


class NumberNamePages(Controller):
    """Forms about one number; each saves separately."""

    path = "/dashboard/{slug:str}/settings/numbers/{number_id:uuid}"
    guards = (requires_membership, requires_role(Role.ADMIN))

    @post("/name")
    async def rename(
        self,
        request: SettingsRequest,
        db_session: NamedDependency[AsyncSession],
        slug: FromPath[str],
        number_id: FromPath[UUID],
    ) -> Response[str]:
        form, member = await read_form(request, "name"), current_member(request)
        try:
            async with db_session.begin_nested():
                number = await PhoneNumberService(db_session).update(
                    member.organization_id, number_id, by=member.actor, name=form["name"]
                )
        except ValidationFailed as refusal:
            refused = Form({**form.values, RENAMED_NUMBER: str(number_id)}).refused(refusal)
            return await render_settings(request, db_session, SettingsSection.PHONE_NUMBERS, refused)
        notice = (
            f"{readable(number.e164)} is named {number.name}" if number.name else f"{readable(number.e164)} has no name"
        )
        return redirect(request, settings_path(slug, SettingsSection.PHONE_NUMBERS), notice)

    @post("/default")
    async def make_default(
        self,
        request: SettingsRequest,
        db_session: NamedDependency[AsyncSession],
        slug: FromPath[str],
        number_id: FromPath[UUID],
    ) -> Response[str]:
        await read_form(request)
        member, url = current_member(request), settings_path(slug, SettingsSection.PHONE_NUMBERS)
        try:
            async with db_session.begin_nested():
                number = await PhoneNumberService(db_session).update(
                    member.organization_id, number_id, by=member.actor, default=True
                )
        except ValidationFailed as refusal:
            return redirect(request, url, refusal.errors[0][1], is_problem=True)
        return redirect(request, url, f"{readable(number.e164)} is the default now")
