"""The number search as the settings page shows it: fields by country, results with their address requirement."""

from collections.abc import Collection, Mapping, Sequence

import msgspec
from markupsafe import Markup

from carrier.port import AvailableNumber, NumberType, Price
from dashboard.pages import templates
from dashboard.settings import SettingsRequest
from kit.area_codes import example_area_code
from kit.countries import countries, country_in_sentence
from kit.errors import DomainError
from kit.http.forms import Form
from phone_numbers.address_rules import is_available_now
from phone_numbers.controllers import number_provisioning
from phone_numbers.rules import parse_search

SEARCH_RESULT_STATE = "number_search"
"""Key in the scope's state of the search that ran before the page's transaction began."""
SEARCH_FIELDS = ("country", "type", "area_code", "locality", "contains", "show")
TYPE_NAMES = {
    NumberType.LOCAL: "Local",
    NumberType.MOBILE: "Mobile",
    NumberType.NATIONAL: "National",
    NumberType.TOLL_FREE: "Toll-free",
}
_WITHOUT_DOCUMENTS = frozenset({"US", "CA"})
_NOW, SHOW_ALL = "now", "all"
AVAILABILITY_OPTIONS = ((_NOW, "Available now"), (SHOW_ALL, "All numbers"))
_REQUIREMENTS = {
    "any": "Needs a registered address",
    "local": "Needs a registered address in {country}",
    "foreign": "Needs a registered address outside {country}",
}


class SearchResult(msgspec.Struct, frozen=True):
    """A number search and its result."""

    form: Form
    numbers: Sequence[AvailableNumber] | None
    """None when nothing was searched, because the form was refused."""
    types: frozenset[NumberType]
    """The types that the carrier sells in the searched country; empty when it sells none, or is not known to."""
    prices: Mapping[NumberType, Price] = {}
    """The prices per month of the searched country's types, where they are known."""
    needs_address: bool = False
    """True after a purchase that was refused for want of a registered address."""


def address_requirement(number: AvailableNumber, registered: Collection[str]) -> str:
    """The address that ``number`` needs first, as a phrase; empty when it needs none besides those ``registered``."""
    if is_available_now(number, registered):
        return ""
    phrase = _REQUIREMENTS.get(number.address_requirements, _REQUIREMENTS["any"])
    return phrase.format(country=country_in_sentence(number.country))


def type_options(types: Collection[NumberType]) -> list[tuple[str, str]]:
    """The options of the form's field ``type``; all while no type is known."""
    return [(kind.value, name) for kind, name in TYPE_NAMES.items() if kind in types or not types]


def nothing_found(result: SearchResult) -> str:
    """The advice beside an empty result."""
    form, country = result.form, country_in_sentence(result.form["country"])
    if not result.types:
        return f"The carrier sells no numbers in {country}. Try another country."
    if (form["type"] or NumberType.LOCAL) not in result.types:
        names = " and ".join(name.lower() for _, name in type_options(result.types))
        return f"In {country} the carrier sells {names} numbers. Choose another type."
    if form["show"] != SHOW_ALL:
        return f"Leave the other fields empty, or show all numbers: those in {country} may need a registered address."
    return "Leave the area code, the city or the digits empty, or try another type or country."


def documents_advice(result: SearchResult, with_bundle: Collection[str]) -> str:
    """The advice beside numbers of a country that is not in ``with_bundle``: the search does not tell about documents.

    Empty where the carrier sells without identity documents.
    """
    code = result.form["country"].strip().upper()
    if not result.numbers or code in _WITHOUT_DOCUMENTS or code in with_bundle:
        return ""
    country = country_in_sentence(code)
    return f"In {country} the carrier may ask for identity documents; contact support before you choose."


async def types_for(request: SettingsRequest, country: str) -> frozenset[NumberType]:
    """The types that the carrier sells in ``country``, as typed; empty when it does not say. Asks the carrier."""
    try:
        return await number_provisioning(request).searcher.number_types(parse_search(country).country)
    except DomainError:
        return frozenset()  # the search shows the reason


def area_code_example(country: str) -> str:
    """The placeholder of the field ``area_code`` for a country, as typed; the form without one begins with US."""
    code = country.strip().upper() or "US"
    return example_area_code(code) if code in countries() else ""


def area_code_hint(country: str) -> str:
    """The hint of the field ``area_code``: only for a country whose numbers have no area codes."""
    code = country.strip().upper()
    if code not in countries() or example_area_code(code):
        return ""
    return f"Numbers in {country_in_sentence(code)} have no area codes."


templates.globals["area_code_example"] = area_code_example
templates.globals["area_code_hint"] = area_code_hint


def country_attributes(request: SettingsRequest) -> Markup:
    """Attributes with which another country changes the fields that depend on it."""
    path = f"/dashboard/{request.path_params['slug']}/settings/numbers/fields"
    return Markup(' hx-get="{}" hx-target="#number-fields" hx-trigger="change" hx-sync="this:replace"').format(path)
