"""Settings section **Phone number**: list, search, buy and release numbers."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec
from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from sqlalchemy.ext.asyncio import AsyncSession

from calls.caller_id.services import CallerIdService
from dashboard.guards import requires_membership
from dashboard.number_search import (
    AVAILABILITY_OPTIONS,
    SEARCH_FIELDS,
    SEARCH_RESULT_STATE,
    SHOW_ALL,
    TYPE_NAMES,
    SearchResult,
    address_requirement,
    country_attributes,
    documents_advice,
    empty_result_advice,
    type_options,
    types_for,
)
from dashboard.pages import fragment, redirect, render
from dashboard.registered_addresses import address_context
from dashboard.settings import Section, SettingsRequest, register, render_settings_in_new_transaction
from dashboard.upgrades import upgrade_offer
from dashboard.verified_numbers import verified_context
from kit.countries import countries
from kit.db.paging import MAX_LIMIT
from kit.e164 import readable
from kit.errors import Conflict, DomainError, NotFound
from kit.http.app_key import DATABASE
from kit.http.forms import Form, read_form
from kit.http.tenant_concurrency import ASKS_CARRIER
from phone_numbers.address_service import AddressService
from phone_numbers.controllers import number_provisioning
from phone_numbers.errors import AddressRequired, NumberInUse
from phone_numbers.purchase_service import NumberPurchaseService
from phone_numbers.rules import parse_search
from phone_numbers.services import PhoneNumberService
from tenants.auth import MemberAuth, current_member
from tenants.errors import OrganizationSuspended, PlanTooLow
from tenants.guards import requires_role, requires_widget_plan
from tenants.models import Role
from tenants.plans import WIDGET_PLANS
from tenants.settings_paths import SettingsSection, settings_path

RELEASE_EFFECT = (
    "Your calls can no longer come from it, and another customer may get it. It stays in your call records."
    " Phones then call from your other numbers; without another number they cannot call."
)
_MEMBER = (requires_membership,)
_ADMIN = (requires_membership, requires_role(Role.ADMIN))


def purchase_obstacle(member: MemberAuth) -> str | None:
    """Return the API's sentence that says why no number can be bought now; None when one can."""
    reasons = (
        (member.suspended, OrganizationSuspended.message),
        (member.plan not in WIDGET_PLANS, PlanTooLow.message),
    )
    return next((sentence for applies, sentence in reasons if applies), None)


async def caller_id_notice(request: SettingsRequest) -> str:
    """The sentence that names the default number after a change."""
    member, database = current_member(request), DATABASE.get(request.app)
    async with database.tenant_session(member.organization_id, member.actor.user_id) as session:
        caller_id = await PhoneNumberService(session).get_caller_id(member.organization_id)
    if caller_id is None:
        return "You have no other number: phones cannot call until you get one."
    return f"Calls come from {readable(caller_id)} by default."


async def section_context(request: SettingsRequest, session: AsyncSession, member: MemberAuth) -> Mapping[str, Any]:
    """Template context of the section."""
    result: SearchResult | None = request.scope["state"].get(SEARCH_RESULT_STATE)
    purchase = await NumberPurchaseService(session).get_pending(member.organization_id)
    addresses = AddressService(session)
    registered = await addresses.registered_countries(member.organization_id)
    with_bundle = {bundle.country for bundle in await addresses.list_bundles(member.organization_id)}
    searcher = number_provisioning(request).searcher
    return {
        "numbers": await PhoneNumberService(session).list_held(member.organization_id, after=None, limit=MAX_LIMIT),
        "pending_number": None if purchase is None else purchase.e164,
        "obstacle": purchase_obstacle(member),
        "upgrade": None if member.plan in WIDGET_PLANS else await upgrade_offer(request, session, member),
        "may_change": member.role.rank >= Role.ADMIN.rank,
        "countries": list(countries().items()),
        "country_attributes": country_attributes(request),
        "type_options": type_options(searcher.known_types(member.country) if result is None else result.types),
        "availability_options": AVAILABILITY_OPTIONS,
        "search_fields": SEARCH_FIELDS,
        "search": Form({"country": member.country}) if result is None else result.form,
        "offers": None
        if result is None or result.numbers is None
        else [
            (number, address_requirement(number, registered), result.prices.get(number.number_type))
            for number in result.numbers
        ],
        "empty_result_advice": "" if result is None else empty_result_advice(result),
        "documents_advice": "" if result is None else documents_advice(result, with_bundle),
        "needs_address": result is not None and result.needs_address,
        "caller_id": await CallerIdService(session).get(member.organization_id),
        "release_effect": RELEASE_EFFECT,
        **await verified_context(session, member),
        **await address_context(request, session, member),
    }


register(
    Section(
        SettingsSection.PHONE_NUMBERS, "phone-number", "Phone number", "settings/_phone_numbers.html", section_context
    )
)


class PhoneNumberPages(Controller):
    """Pages of phone numbers.

    Handlers that send requests to the carrier open a transaction only afterwards, so none is open during the requests.
    """

    path = "/dashboard/{slug:str}/settings/numbers"
    opt = ASKS_CARRIER

    @get(guards=(*_ADMIN, requires_widget_plan))
    async def search(self, request: SettingsRequest) -> Response[str]:
        form = Form({field: request.query_params.get(field, "") for field in SEARCH_FIELDS})
        try:
            result = await _search(request, form)
        except DomainError as refusal:
            result = SearchResult(form, None, await types_for(request, form["country"]))
            request.scope["state"][SEARCH_RESULT_STATE] = result
            return await render_settings_in_new_transaction(
                request, SettingsSection.PHONE_NUMBERS, form.refused(refusal)
            )
        request.scope["state"][SEARCH_RESULT_STATE] = result
        return await render_settings_in_new_transaction(request, SettingsSection.PHONE_NUMBERS)

    @get("/fields", guards=(*_ADMIN, requires_widget_plan))
    async def country_fields(self, request: SettingsRequest, country: FromQuery[str] = "") -> Response[str]:
        """Fragment with the search fields for a country; htmx requests it when somebody chooses the country."""
        types = type_options(await types_for(request, country))
        return fragment(request, "settings/_number_fields.html", search=Form({"country": country}), types=types)

    @post("/review", guards=(*_ADMIN, requires_widget_plan), status_code=200)
    async def review_purchase(self, request: SettingsRequest, slug: FromPath[str]) -> Response[str]:
        """Confirmation page: number, price, requirements. A POST, so that the number is not in a URL."""
        form, member = await read_form(request, "number", *SEARCH_FIELDS), current_member(request)
        provisioning = number_provisioning(request)
        try:
            number = await provisioning.searcher.review(
                member.organization_id,
                form["number"],
                by=member.actor,
                country=form["country"],
                number_type=form["type"],
            )
        except DomainError as refusal:
            return await _render_refused_purchase(request, form, refusal)
        prices = await provisioning.prices.of_country(number.country)
        registered = await provisioning.searcher.registered_countries(member.organization_id, by=member.actor)
        return render(
            request,
            "settings/number_review.html",
            number=number,
            type_name=TYPE_NAMES[number.number_type],
            price=prices.get(number.number_type),
            requirement=address_requirement(number, registered),
            search=form,
            search_fields=SEARCH_FIELDS,
            base=f"/dashboard/{slug}/settings/numbers",
        )

    @post(guards=(*_ADMIN, requires_widget_plan))
    async def buy(self, request: SettingsRequest, slug: FromPath[str]) -> Response[str]:
        form, member = await read_form(request, "number", *SEARCH_FIELDS), current_member(request)
        try:
            number = await number_provisioning(request).purchaser.buy(
                member.organization_id,
                form["number"],
                by=member.actor,
                country=form["country"],
                number_type=form["type"],
            )
        except DomainError as refusal:
            return await _render_refused_purchase(request, form, refusal)
        notice = f"{readable(number.e164)} is yours. {await caller_id_notice(request)}"
        return redirect(request, _section_url(slug), notice)

    @get("/{number_id:uuid}/release", guards=_ADMIN)
    async def confirm_release(
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
            title=f"Release {readable(number.e164)}?",
            text=RELEASE_EFFECT,
            submit="Release number",
            action=f"/dashboard/{slug}/settings/numbers/{number_id}/release",
            back_url=_section_url(slug),
        )

    @post("/{number_id:uuid}/release", guards=_ADMIN)
    async def release(self, request: SettingsRequest, slug: FromPath[str], number_id: FromPath[UUID]) -> Response[str]:
        member, database = current_member(request), DATABASE.get(request.app)
        async with database.tenant_session(member.organization_id, member.actor.user_id) as session:
            number = await PhoneNumberService(session).get_held(member.organization_id, number_id)
        try:
            await number_provisioning(request).releaser.release(member.organization_id, number_id, by=member.actor)
        except NotFound:
            raise
        except NumberInUse as refusal:
            message = f"{refusal.message}: a live call comes from it. Release it once the call has ended."
            return redirect(request, _section_url(slug), message, is_problem=True)
        except DomainError as refusal:
            return redirect(request, _section_url(slug), refusal.message, is_problem=True)
        notice = f"{readable(number.e164)} is released. {await caller_id_notice(request)}"
        return redirect(request, _section_url(slug), notice)


async def _search(request: SettingsRequest, form: Form) -> SearchResult:
    """Run the search of ``form``. Raises what ``parse_search`` and ``NumberSearcher.search`` raise."""
    member, searcher = current_member(request), number_provisioning(request).searcher
    query = parse_search(
        form["country"], form["area_code"], form["contains"], number_type=form["type"], locality=form["locality"]
    )
    types = await searcher.number_types(query.country)
    only_available = form["show"] != SHOW_ALL
    numbers = await searcher.search(member.organization_id, query, by=member.actor, available_now=only_available)
    prices = await number_provisioning(request).prices.of_country(query.country) if numbers else {}
    return SearchResult(form, numbers, types, prices)


async def _render_refused_purchase(request: SettingsRequest, form: Form, refusal: DomainError) -> Response[str]:
    """Show the section after a refused purchase, with the error above the search: no field of the form is wrong."""
    country = form["country"] or current_member(request).country
    search = Form({**{field: form[field] for field in SEARCH_FIELDS}, "country": country})
    request.scope["state"][SEARCH_RESULT_STATE] = await _search_again(request, search, refusal)
    return await render_settings_in_new_transaction(request, SettingsSection.PHONE_NUMBERS, search.refused(refusal))


async def _search_again(request: SettingsRequest, form: Form, refusal: DomainError) -> SearchResult:
    """Repeat the search after a refused purchase, so that another number can be chosen."""
    if isinstance(refusal, Conflict):  # a carrier that does not answer is not asked again
        try:
            result = await _search(request, form)
        except DomainError:
            pass  # the refusal of the purchase is the one to show
        else:
            return msgspec.structs.replace(result, needs_address=isinstance(refusal, AddressRequired))
    return SearchResult(form, None, number_provisioning(request).searcher.known_types(form["country"]))


def _section_url(slug: str) -> str:
    return settings_path(slug, SettingsSection.PHONE_NUMBERS)
