"""Call data in the settings section **Organization**: the retention period, and the erasure of one phone number from
the call data.
"""

from collections.abc import Mapping
from typing import Any

from litestar import Controller, Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from dashboard.formats import format_count
from dashboard.guards import requires_membership
from dashboard.pages import redirect, render
from dashboard.settings import SettingsRequest, render_settings
from kit.errors import ValidationFailed
from kit.http.app_key import SETTINGS
from kit.http.forms import Form, read_form
from kit.parsing import parse_whole_number
from privacy.erasure_sentences import describe_finished_erasure, describe_planned_erasure
from privacy.errors import NumberInLiveCall
from privacy.number_erasure import NumberErasureService, parse_number_to_erase
from privacy.number_erasure_job import NUMBER_ERASURE
from privacy.rules import MAX_RETENTION_MONTHS, MIN_RETENTION_MONTHS
from privacy.services import RetentionService
from tenants.auth import MemberAuth, current_member
from tenants.guards import requires_role
from tenants.models import Role
from tenants.settings_paths import SettingsSection, settings_path

_ADMIN = [requires_membership, requires_role(Role.ADMIN)]


async def section_context(request: SettingsRequest, session: AsyncSession, member: MemberAuth) -> Mapping[str, Any]:
    """Template context of the call data."""
    retention = await _retention_service(request, session).get(member.organization_id)
    choices = [("", f"Default ({_months_label(SETTINGS.get(request.app).call_retention_months)})")]
    choices += [
        (str(months), _months_label(months)) for months in range(MIN_RETENTION_MONTHS, MAX_RETENTION_MONTHS + 1)
    ]
    return {
        "retention_label": _months_label(retention.months),
        "retention_choice": "" if retention.is_default else str(retention.months),
        "retention_choices": choices,
    }


class CallDataPages(Controller):
    """Forms that set the retention period and erase a number; for owners and admins."""

    path = "/dashboard/{slug:str}/settings/call-data"

    @post("/retention", guards=_ADMIN)
    async def set_retention(
        self, request: SettingsRequest, db_session: NamedDependency[AsyncSession], slug: FromPath[str]
    ) -> Response[str]:
        form, member = await read_form(request, "months"), current_member(request)
        try:
            months = _read_months(form["months"])
            async with db_session.begin_nested():
                retention = await _retention_service(request, db_session).update(
                    member.organization_id, months, by=member.actor
                )
        except ValidationFailed as refusal:
            return await render_settings(request, db_session, SettingsSection.ORGANIZATION, form.refused(refusal))
        return redirect(request, _section_url(slug), f"Call data is kept for {_months_label(retention.months)}")

    @post("/erase", guards=_ADMIN)
    async def confirm_erase(self, request: SettingsRequest, db_session: NamedDependency[AsyncSession]) -> Response[str]:
        """Confirmation page with the count of calls. It answers a POST, because phone numbers never go into URLs."""
        form, member = await read_form(request, "number"), current_member(request)
        try:
            number = parse_number_to_erase(form["number"], member.country)
        except ValidationFailed as refusal:
            return await render_settings(request, db_session, SettingsSection.ORGANIZATION, form.refused(refusal))
        return await _erase_page(request, db_session, number)

    @post("/erase/confirmed", guards=_ADMIN)
    async def erase(
        self, request: SettingsRequest, db_session: NamedDependency[AsyncSession], slug: FromPath[str]
    ) -> Response[str]:
        form, member = await read_form(request, "number", "unblock"), current_member(request)
        try:
            number = parse_number_to_erase(form["number"], member.country)
        except ValidationFailed as refusal:
            return await render_settings(request, db_session, SettingsSection.ORGANIZATION, form.refused(refusal))
        unblock = form["unblock"] == "yes"
        try:
            async with db_session.begin_nested():
                erased = await _erasure_service(request, db_session).erase(
                    member.organization_id, number, member.country, by=member.actor, unblock=unblock
                )
        except NumberInLiveCall as refusal:
            return await _erase_page(request, db_session, number, Form(form.values, {"": refusal.message}))
        return redirect(request, _section_url(slug), describe_finished_erasure(erased))


HANDLERS = (CallDataPages,)


async def _erase_page(
    request: SettingsRequest, session: AsyncSession, number: str, form: Form | None = None
) -> Response[str]:
    member = current_member(request)
    found = await _erasure_service(request, session).count(member.organization_id, number, member.country)
    return render(
        request,
        "organizations/erase_number.html",
        status=200 if form is None else 409,
        form=form,
        number=number,
        found=found,
        planned_erasure=describe_planned_erasure(found),
        back_url=_section_url(request.path_params["slug"]),
    )


def _retention_service(request: SettingsRequest, session: AsyncSession) -> RetentionService:
    return RetentionService(session, default_months=SETTINGS.get(request.app).call_retention_months)


def _erasure_service(request: SettingsRequest, session: AsyncSession) -> NumberErasureService:
    return NUMBER_ERASURE.get(request.app).make_service(session)


def _read_months(typed: str) -> int | None:
    """Parse the months; None for the default. Raises: ValidationFailed."""
    if not typed:
        return None
    try:
        return parse_whole_number(typed, max_digits=2)
    except ValueError as error:
        raise ValidationFailed([("months", "Choose a number of months")]) from error


def _months_label(months: int) -> str:
    return format_count(months, "month")


def _section_url(slug: str) -> str:
    return settings_path(slug, SettingsSection.ORGANIZATION)
