"""Settings section **Phone number**: search, buy, release."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec
from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from sqlalchemy.ext.asyncio import AsyncSession

from calls.caller_id.services import CallerIdService
from dashboard.addresses import address_context
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
    nothing_found,
    type_options,
    types_for,
)
from dashboard.pages import fragment, redirect, render
from dashboard.settings import Section, SettingsRequest, register, render_settings_afterwards
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
    "Calls cannot come from it any more, and somebody else may get it. Your call records keep it."
    " Phones call from your other numbers then; without one they cannot call."
)
_MEMBER = (requires_membership,)
_ADMIN = (requires_membership, requires_role(Role.ADMIN))


def purchase_obstacle(who: MemberAuth) -> str | None:
    """Return why no number can be bought now, in the API's sentence; None when one can."""
    reasons = (
        (who.suspended, OrganizationSuspended.message),
        (who.plan not in WIDGET_PLANS, PlanTooLow.message),
    )
    return next((sentence for applies, sentence in reasons if applies), None)


async def caller_id_notice(request: SettingsRequest) -> str:
    """The sentence that says which number is the default now."""
    who, database = current_member(request), DATABASE.get(request.app)
    async with database.tenant_session(who.organization_id, who.actor.user_id) as session:
        caller_id = await PhoneNumberService(session).get_caller_id(who.organization_id)
    if caller_id is None:
        return "You have no other number: phones cannot call until you get one."
    return f"Calls come from {readable(caller_id)} by default."


async def section_context(request: SettingsRequest, session: AsyncSession, who: MemberAuth) -> Mapping[str, Any]:
    """Template context of the section."""
    found: SearchResult | None = request.scope["state"].get(SEARCH_RESULT_STATE)
    purchase = await NumberPurchaseService(session).get_pending(who.organization_id)
    addresses = AddressService(session)
    registered = await addresses.registered_countries(who.organization_id)
    with_bundle = {bundle.country for bundle in await addresses.list_bundles(who.organization_id)}
    searcher = number_provisioning(request).searcher
    return {
        "numbers": await PhoneNumberService(session).list_held(who.organization_id, after=None, limit=MAX_LIMIT),
        "being_bought": None if purchase is None else purchase.e164,
        "obstacle": purchase_obstacle(who),
        "upgrade": None if who.plan in WIDGET_PLANS else await upgrade_offer(request, session, who),
        "may_change": who.role.rank >= Role.ADMIN.rank,
        "countries": list(countries().items()),
        "country_attributes": country_attributes(request),
        "types": type_options(searcher.known_types(who.country) if found is None else found.types),
        "shown": AVAILABILITY_OPTIONS,
        "search_fields": SEARCH_FIELDS,
        "search": Form({"country": who.country}) if found is None else found.form,
        "found": None
        if found is None or found.numbers is None
        else [
            (number, address_requirement(number, registered), found.prices.get(number.number_type))
            for number in found.numbers
        ],
        "nothing_found": "" if found is None else nothing_found(found),
        "documents_advice": "" if found is None else documents_advice(found, with_bundle),
        "needs_address": found is not None and found.needs_address,
        "caller_id": await CallerIdService(session).get(who.organization_id),
        "effect": RELEASE_EFFECT,
        **await verified_context(session, who),
        **await address_context(request, session, who),
    }


register(
    Section(SettingsSection.PHONE_NUMBERS, "phone-number", "Phone number", "settings/_numbers.html", section_context)
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
            return await render_settings_afterwards(request, SettingsSection.PHONE_NUMBERS, form.refused(refusal))
        request.scope["state"][SEARCH_RESULT_STATE] = result
        return await render_settings_afterwards(request, SettingsSection.PHONE_NUMBERS)

    @get("/fields", guards=(*_ADMIN, requires_widget_plan))
    async def fields(self, request: SettingsRequest, country: FromQuery[str] = "") -> Response[str]:
        """Fragment with the search fields of another country; requested when somebody chooses it."""
        types = type_options(await types_for(request, country))
        return fragment(request, "settings/_number_fields.html", search=Form({"country": country}), types=types)

    @post("/review", guards=(*_ADMIN, requires_widget_plan), status_code=200)
    async def review(self, request: SettingsRequest, slug: FromPath[str]) -> Response[str]:
        """Confirmation page: number, price, requirements. A POST, so that the number is not in a URL."""
        form, who = await read_form(request, "number", *SEARCH_FIELDS), current_member(request)
        provisioning = number_provisioning(request)
        try:
            number = await provisioning.searcher.review(
                who.organization_id, form["number"], by=who.actor, country=form["country"], number_type=form["type"]
            )
        except DomainError as refusal:
            return await _refused_choice(request, form, refusal)
        prices = await provisioning.prices.of_country(number.country)
        registered = await provisioning.searcher.registered_countries(who.organization_id, by=who.actor)
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
    async def obtain(self, request: SettingsRequest, slug: FromPath[str]) -> Response[str]:
        form, who = await read_form(request, "number", *SEARCH_FIELDS), current_member(request)
        try:
            number = await number_provisioning(request).purchaser.buy(
                who.organization_id, form["number"], by=who.actor, country=form["country"], number_type=form["type"]
            )
        except DomainError as refusal:
            return await _refused_choice(request, form, refusal)
        notice = f"{readable(number.e164)} is yours. {await caller_id_notice(request)}"
        return redirect(request, _section_url(slug), notice)

    @get("/{number_id:uuid}/release", guards=_ADMIN)
    async def confirm(
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
            back=_section_url(slug),
        )

    @post("/{number_id:uuid}/release", guards=_ADMIN)
    async def release(self, request: SettingsRequest, slug: FromPath[str], number_id: FromPath[UUID]) -> Response[str]:
        who, database = current_member(request), DATABASE.get(request.app)
        async with database.tenant_session(who.organization_id, who.actor.user_id) as session:
            number = await PhoneNumberService(session).get_held(who.organization_id, number_id)
        try:
            await number_provisioning(request).releaser.release(who.organization_id, number_id, by=who.actor)
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
    """Search as ``form`` says. Raises: as ``parse_search`` and ``NumberSearcher.search``."""
    who, searcher = current_member(request), number_provisioning(request).searcher
    query = parse_search(
        form["country"], form["area_code"], form["contains"], number_type=form["type"], locality=form["locality"]
    )
    types = await searcher.number_types(query.country)
    is_now = form["show"] != SHOW_ALL
    found = await searcher.search(who.organization_id, query, by=who.actor, available_now=is_now)
    prices = await number_provisioning(request).prices.of_country(query.country) if found else {}
    return SearchResult(form, found, types, prices)


async def _refused_choice(request: SettingsRequest, form: Form, refusal: DomainError) -> Response[str]:
    """The page after a number that cannot be had: it was chosen, not typed, so the error is shown above the search."""
    country = form["country"] or current_member(request).country
    search = Form({**{field: form[field] for field in SEARCH_FIELDS}, "country": country})
    request.scope["state"][SEARCH_RESULT_STATE] = await _search_again(request, search, refusal)
    return await render_settings_afterwards(request, SettingsSection.PHONE_NUMBERS, search.refused(refusal))


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
