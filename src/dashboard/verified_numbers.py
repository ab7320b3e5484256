"""Verified numbers in the settings section **Phone number**: verify another company's number by a call; remove it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from dashboard import show_once
from dashboard.guards import requires_membership
from dashboard.pages import redirect, render
from dashboard.settings import SettingsRequest, render_settings_in_new_transaction
from dashboard.verified_number_uses import removal_effects
from kit.e164 import readable
from kit.errors import DomainError
from kit.http.forms import Form, read_form
from kit.http.tenant_concurrency import ASKS_CARRIER
from phone_numbers.controllers import number_provisioning
from phone_numbers.verified_numbers.services import CALLS_PER_NUMBER, CALLS_PER_ORGANIZATION, VerifiedNumberService
from tenants.auth import MemberAuth, current_member
from tenants.guards import requires_role, requires_widget_plan
from tenants.models import Role
from tenants.rules import ensure_not_suspended
from tenants.settings_paths import SettingsSection, settings_path

REMOVE_EFFECT = "Calls no longer show it. To use it again, verify it again."
_ANCHOR = "verified-numbers"
_FORM_FIELDS: Mapping[str, str] = {"number": "own_number", "name": "own_name", "": ""}
"""The form field of each field of the API: other forms of the section have fields called number and name."""
_ADMIN = (requires_membership, requires_role(Role.ADMIN))


async def verified_context(session: AsyncSession, member: MemberAuth) -> Mapping[str, Any]:
    """Template context of the verified numbers."""
    numbers = await VerifiedNumberService(session).list_all(member.organization_id)
    uses = await removal_effects(session, member.organization_id, [number.id for number in numbers])
    return {
        "verified_numbers": numbers,
        "remove_effect": REMOVE_EFFECT,
        "remove_effects": {number_id: f"{REMOVE_EFFECT} {effect}" for number_id, effect in uses.items()},
        "calls_per_number": CALLS_PER_NUMBER,
        "calls_per_organization": CALLS_PER_ORGANIZATION,
    }


class VerifiedNumberPages(Controller):
    """The forms that verify and remove a number, and the page with the verification code."""

    path = "/dashboard/{slug:str}/settings/verified-numbers"

    # No session from the framework: no transaction may be open while the carrier is asked.
    @post(guards=(*_ADMIN, requires_widget_plan), opt=ASKS_CARRIER)
    async def verify(self, request: SettingsRequest, slug: FromPath[str]) -> Response[str]:
        form, member = await read_form(request, "own_number", "own_name"), current_member(request)
        try:
            ensure_not_suspended(member.suspended)
            verification = await number_provisioning(request).verifier.request(
                member.organization_id, form["own_number"], form["own_name"], country=member.country, by=member.actor
            )
        except DomainError as refusal:
            return await render_settings_in_new_transaction(
                request, SettingsSection.PHONE_NUMBERS, _refused(form, refusal)
            )
        path = f"/dashboard/{slug}/settings/verified-numbers/code"
        code = show_once.secret_cookie(request, path, show_once.IssuedSecret(verification.number_id, verification.code))
        return redirect(request, path, cookies=[code])

    @get("/code", guards=_ADMIN)
    async def show_code(
        self, request: SettingsRequest, db_session: NamedDependency[AsyncSession], slug: FromPath[str]
    ) -> Response[str]:
        """Show the code while the telephone rings, also after a reload; afterwards redirect to the list."""
        issued = show_once.read_secret(request)
        if issued is None:
            return redirect(request, _section_url(slug))
        number = await VerifiedNumberService(db_session).get(current_member(request).organization_id, issued.subject_id)
        return render(
            request, "settings/verification_code.html", number=number, code=issued.raw, back_url=_section_url(slug)
        )

    @get("/{verified_number_id:uuid}/remove", guards=_ADMIN)
    async def confirm_remove(
        self,
        request: SettingsRequest,
        db_session: NamedDependency[AsyncSession],
        slug: FromPath[str],
        verified_number_id: FromPath[UUID],
    ) -> Response[str]:
        """Confirmation page, for browsers without scripts."""
        service, organization_id = VerifiedNumberService(db_session), current_member(request).organization_id
        number = await service.get(organization_id, verified_number_id)
        uses = await removal_effects(db_session, organization_id, [number.id])
        return render(
            request,
            "confirm.html",
            title=f"Remove {readable(number.e164)}?",
            text=" ".join([REMOVE_EFFECT, *uses.values()]),
            submit="Remove number",
            action=f"/dashboard/{slug}/settings/verified-numbers/{verified_number_id}/remove",
            back_url=_section_url(slug),
        )

    # No guard for the plan: a stored number can be deleted on every plan.
    @post("/{verified_number_id:uuid}/remove", guards=_ADMIN, opt=ASKS_CARRIER)
    async def remove(
        self, request: SettingsRequest, slug: FromPath[str], verified_number_id: FromPath[UUID]
    ) -> Response[str]:
        await read_form(request)
        member = current_member(request)
        verifier = number_provisioning(request).verifier
        number = await verifier.remove(member.organization_id, verified_number_id, by=member.actor)
        return redirect(request, _section_url(slug), f"{readable(number)} is removed: calls no longer show it")


def _refused(form: Form, refusal: DomainError) -> Form:
    """The form with its errors at the names of the form's fields."""
    refused = Form({field: form[form_field] for field, form_field in _FORM_FIELDS.items() if field}).refused(refusal)
    return Form(form.values, {_FORM_FIELDS[field]: message for field, message in refused.errors.items()})


def _section_url(slug: str) -> str:
    return settings_path(slug, SettingsSection.PHONE_NUMBERS, _ANCHOR)
