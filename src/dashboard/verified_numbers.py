"""Part of the section **Phone number**: numbers that the organization holds elsewhere, verified by a call."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from dashboard import show_once
from dashboard.guards import requires_membership
from dashboard.number_uses import removal_effects
from dashboard.pages import redirect, render
from dashboard.settings import SettingsRequest, render_settings_afterwards
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

REMOVE_EFFECT = "Calls do not show it any more. To use it again it must be verified again."
_ANCHOR = "verified-numbers"
_FIELDS: Mapping[str, str] = {"number": "own_number", "name": "own_name", "": ""}
"""The page's own name of each field of the API: the section has other forms with numbers and names."""
_ADMIN = (requires_membership, requires_role(Role.ADMIN))


async def verified_context(session: AsyncSession, who: MemberAuth) -> Mapping[str, Any]:
    """Template context of this part of the section."""
    numbers = await VerifiedNumberService(session).list_all(who.organization_id)
    uses = await removal_effects(session, who.organization_id, [number.id for number in numbers])
    return {
        "verified": numbers,
        "remove_effect": REMOVE_EFFECT,
        "remove_effects": {number_id: f"{REMOVE_EFFECT} {effect}" for number_id, effect in uses.items()},
        "calls_per_number": CALLS_PER_NUMBER,
        "calls_per_organization": CALLS_PER_ORGANIZATION,
    }


class VerifiedNumberPages(Controller):
    """Forms, and the page with the code."""

    path = "/dashboard/{slug:str}/settings/verified-numbers"

    # No session from the framework: no transaction may be open while the carrier is asked.
    @post(guards=(*_ADMIN, requires_widget_plan), opt=ASKS_CARRIER)
    async def verify(self, request: SettingsRequest, slug: FromPath[str]) -> Response[str]:
        form, who = await read_form(request, "own_number", "own_name"), current_member(request)
        try:
            ensure_not_suspended(who.suspended)
            asked = await number_provisioning(request).verifier.request(
                who.organization_id, form["own_number"], form["own_name"], country=who.country, by=who.actor
            )
        except DomainError as refusal:
            return await render_settings_afterwards(request, SettingsSection.PHONE_NUMBERS, _refused(form, refusal))
        path = f"/dashboard/{slug}/settings/verified-numbers/code"
        code = show_once.secret_cookie(request, path, show_once.Issued(asked.number_id, asked.code))
        return redirect(request, path, cookies=[code])

    @get("/code", guards=_ADMIN)
    async def show_code(
        self, request: SettingsRequest, db_session: NamedDependency[AsyncSession], slug: FromPath[str]
    ) -> Response[str]:
        """Show the code while the telephone rings, also after a reload; afterwards redirect to the list."""
        issued = show_once.read_secret(request)
        if issued is None:
            return redirect(request, _url(slug))
        number = await VerifiedNumberService(db_session).get(current_member(request).organization_id, issued.subject_id)
        return render(request, "settings/verification_code.html", number=number, code=issued.raw, back=_url(slug))

    @get("/{verified_number_id:uuid}/remove", guards=_ADMIN)
    async def confirm(
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
            back=_url(slug),
        )

    # Needs no plan: what somebody stored can always be deleted.
    @post("/{verified_number_id:uuid}/remove", guards=_ADMIN, opt=ASKS_CARRIER)
    async def remove(
        self, request: SettingsRequest, slug: FromPath[str], verified_number_id: FromPath[UUID]
    ) -> Response[str]:
        await read_form(request)
        who = current_member(request)
        verifier = number_provisioning(request).verifier
        number = await verifier.remove(who.organization_id, verified_number_id, by=who.actor)
        return redirect(request, _url(slug), f"{readable(number)} is removed: calls do not show it any more")


def _refused(form: Form, refusal: DomainError) -> Form:
    """The form with its errors at the page's own field names."""
    again = Form({field: form[own] for field, own in _FIELDS.items() if field}).refused(refusal)
    return Form(form.values, {_FIELDS[field]: message for field, message in again.errors.items()})


def _url(slug: str) -> str:
    return settings_path(slug, SettingsSection.PHONE_NUMBERS, _ANCHOR)
