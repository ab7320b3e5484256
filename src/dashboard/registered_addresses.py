"""Registered postal addresses in the settings section **Phone number**: add and delete."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from dashboard.guards import requires_membership
from dashboard.number_search import SEARCH_RESULT_STATE, SearchResult, types_for
from dashboard.pages import redirect, render
from dashboard.settings import SettingsRequest, render_settings_in_new_transaction
from kit.countries import countries, country_in_sentence, country_name
from kit.errors import DomainError, NotFound
from kit.http.forms import Form, read_form
from kit.http.tenant_concurrency import ASKS_CARRIER
from phone_numbers.address_rules import ADDRESS_FIELDS, parse_address
from phone_numbers.address_service import AddressService
from phone_numbers.controllers import number_provisioning
from phone_numbers.models import RegisteredAddress
from tenants.auth import MemberAuth, current_member
from tenants.guards import requires_role, requires_widget_plan
from tenants.models import Role
from tenants.settings_paths import SettingsSection, settings_path

ADDRESSES_ANCHOR = "registered-addresses"
DELETION_EFFECT = (
    "You can no longer get numbers of its country that need a registered address."
    " The address is also deleted at the carrier."
)
_REFUSED_FORM_STATE = "refused_address"
"""Key of the refused form in the scope's state."""
_ADMIN = (requires_membership, requires_role(Role.ADMIN))


async def address_context(request: SettingsRequest, session: AsyncSession, member: MemberAuth) -> Mapping[str, Any]:
    """Template context of the addresses; for members it is empty."""
    if member.role.rank < Role.ADMIN.rank:
        return {"addresses": [], "bundles": [], "address_form": None, "new_address": None}
    service = AddressService(session)
    search_result: SearchResult | None = request.scope["state"].get(SEARCH_RESULT_STATE)
    searched_country = "" if search_result is None else search_result.form["country"].strip().upper()
    country = searched_country if searched_country in countries() else member.country
    return {
        "addresses": await service.list_all(member.organization_id),
        "bundles": [
            country_in_sentence(bundle.country) for bundle in await service.list_bundles(member.organization_id)
        ],
        "address_form": request.scope["state"].get(_REFUSED_FORM_STATE),
        "new_address": Form({"country": country}),
        "deletion_effect": DELETION_EFFECT,
        "country_name": country_name,
        "country_in_sentence": country_in_sentence,
    }


class AddressPages(Controller):
    """Forms that add and delete an address.

    Handlers that ask the carrier open a transaction only after its answer.
    """

    path = "/dashboard/{slug:str}/settings/addresses"
    opt = ASKS_CARRIER

    @post(guards=(*_ADMIN, requires_widget_plan))
    async def add(self, request: SettingsRequest, slug: FromPath[str]) -> Response[str]:
        form, member = await read_form(request, "country", *ADDRESS_FIELDS), current_member(request)
        try:
            address = parse_address(form["country"], form.values)
            await number_provisioning(request).addresses.register(member.organization_id, address, by=member.actor)
        except DomainError as refusal:
            request.scope["state"][_REFUSED_FORM_STATE] = form.refused(refusal)
            types = await types_for(request, member.country)
            request.scope["state"][SEARCH_RESULT_STATE] = SearchResult(Form({"country": member.country}), None, types)
            # The section's own form is the number search, which was not refused.
            return await render_settings_in_new_transaction(request, SettingsSection.PHONE_NUMBERS, Form())
        return redirect(
            request, _addresses_url(slug), f"The address in {country_in_sentence(address.country)} is registered"
        )

    @get("/{address_id:uuid}/delete", guards=_ADMIN)
    async def confirm_delete(
        self,
        request: SettingsRequest,
        db_session: NamedDependency[AsyncSession],
        slug: FromPath[str],
        address_id: FromPath[UUID],
    ) -> Response[str]:
        """Confirmation page, for browsers without scripts."""
        address = await _get(db_session, current_member(request).organization_id, address_id)
        return render(
            request,
            "confirm.html",
            title=f"Delete the address in {country_in_sentence(address.country)}?",
            text=DELETION_EFFECT,
            submit="Delete address",
            action=f"/dashboard/{slug}/settings/addresses/{address_id}/delete",
            back_url=_addresses_url(slug),
        )

    @post("/{address_id:uuid}/delete", guards=_ADMIN)
    async def delete(self, request: SettingsRequest, slug: FromPath[str], address_id: FromPath[UUID]) -> Response[str]:
        member = current_member(request)
        try:
            await number_provisioning(request).addresses.delete(member.organization_id, address_id, by=member.actor)
        except NotFound:
            raise
        except DomainError as refusal:
            return redirect(request, _addresses_url(slug), refusal.message, is_problem=True)
        return redirect(request, _addresses_url(slug), "The address is deleted")


async def _get(session: AsyncSession, organization_id: UUID, address_id: UUID) -> RegisteredAddress:
    rows = await AddressService(session).list_all(organization_id)
    found = next((row for row in rows if row.id == address_id), None)
    if found is None:
        raise NotFound
    return found


def _addresses_url(slug: str) -> str:
    return settings_path(slug, SettingsSection.PHONE_NUMBERS, ADDRESSES_ANCHOR)
