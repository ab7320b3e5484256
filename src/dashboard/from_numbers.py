"""Forms that decide which number calls show: the organization's rules, a member's own number, a token's numbers."""

from uuid import UUID

from litestar import Controller, Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from calls.caller_id.services import CallerIdService, CallerIdSettings
from dashboard.guards import requires_membership
from dashboard.pages import redirect
from dashboard.settings import SettingsRequest
from kit.errors import MalformedRequest, ValidationFailed
from kit.http.forms import read_form
from kit.parsing import parse_uuid
from phone_numbers.services import PhoneNumberService
from tenants.auth import current_member
from tenants.guards import requires_role
from tenants.members import MemberService
from tenants.models import Role
from tenants.settings_paths import SettingsSection, settings_path
from widget.services import EmbedTokenService

_RULE_NOTICES = {
    CallerIdSettings(sticky=True, match_area_code=True): (
        "Contacts are called from the number they know, new ones from a number of their area code"
    ),
    CallerIdSettings(sticky=True, match_area_code=False): "Contacts are called from the number they know",
    CallerIdSettings(sticky=False, match_area_code=True): "Calls show a number of the called area code",
    CallerIdSettings(sticky=False, match_area_code=False): "Calls show the default number, unless somebody chooses one",
}


class FromNumberPages(Controller):
    """The three forms; each saves separately."""

    path = "/dashboard/{slug:str}/settings"
    guards = (requires_membership, requires_role(Role.ADMIN))

    @post("/caller-id")
    async def change_organization_rules(
        self, request: SettingsRequest, db_session: NamedDependency[AsyncSession], slug: FromPath[str]
    ) -> Response[str]:
        form, member = await read_form(request, "sticky", "match_area_code"), current_member(request)
        settings = CallerIdSettings(sticky=form["sticky"] == "yes", match_area_code=form["match_area_code"] == "yes")
        await CallerIdService(db_session).replace(member.organization_id, settings, by=member.actor)
        return redirect(request, settings_path(slug, SettingsSection.PHONE_NUMBERS), _RULE_NOTICES[settings])

    @post("/members/{member_id:uuid}/number")
    async def change_member_number(
        self,
        request: SettingsRequest,
        db_session: NamedDependency[AsyncSession],
        slug: FromPath[str],
        member_id: FromPath[UUID],
    ) -> Response[str]:
        form, member = await read_form(request, "number_id"), current_member(request)
        url = settings_path(slug, SettingsSection.TEAM)
        chosen = _parse_id(form["number_id"]) if form["number_id"] else None
        try:
            async with db_session.begin_nested():
                team_member = await MemberService(db_session).set_number(
                    member.organization_id, member_id, chosen, by=member.actor
                )
        except ValidationFailed:
            # The number was released while the page was open.
            return redirect(request, url, "This number cannot be used any more. Choose another one", is_problem=True)
        numbers = await PhoneNumberService(db_session).list_from_numbers(member.organization_id)
        label = next((number.label for number in numbers if number.id == chosen), None)
        notice = (
            f"{team_member.email} calls from {label}" if label else f"{team_member.email} has no number of their own"
        )
        return redirect(request, url, notice)

    @post("/embed-tokens/{token_id:uuid}/numbers")
    async def change_token_numbers(
        self,
        request: SettingsRequest,
        db_session: NamedDependency[AsyncSession],
        slug: FromPath[str],
        token_id: FromPath[UUID],
    ) -> Response[str]:
        member, service = current_member(request), EmbedTokenService(db_session)
        numbers = await service.list_from_numbers(member.organization_id)
        labels = {number_field(number.id): number for number in numbers}
        url = f"/dashboard/{slug}/settings/embed-tokens/{token_id}"
        try:
            form = await read_form(request, *labels)
        except MalformedRequest:
            return redirect(request, url, "The list of numbers changed meanwhile. Choose again", is_problem=True)
        token = await service.get_active(member.organization_id, token_id)
        ticked = [number.id for field, number in labels.items() if form[field] == "yes"]
        # Keep the order that was set over the API; newly ticked numbers follow.
        in_stored_order = [number_id for number_id in token.from_numbers if number_id in ticked]
        chosen = [*in_stored_order, *(number_id for number_id in ticked if number_id not in in_stored_order)]
        await service.update(member.organization_id, token_id, by=member.actor, from_numbers=chosen)
        names = ", ".join(number.label for number in numbers if number.id in chosen)
        return redirect(request, url, f"Calls with this token show {names or 'any of your numbers'}")


def number_field(number_id: UUID) -> str:
    """The field name of a number's checkbox in the form of a token's numbers."""
    return f"number_{number_id}"


def _parse_id(typed: str) -> UUID:
    """Raises: MalformedRequest."""
    try:
        return parse_uuid(typed)
    except ValueError as error:
        raise MalformedRequest("Choose a number from the list") from error
