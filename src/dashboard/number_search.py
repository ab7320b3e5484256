"""The search for numbers to buy, in the settings section **Phone number**: its fields for a country, and texts about
the numbers that it found.
"""

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
"""Key of the ``SearchResult`` in the scope's state: the search runs before the page's transaction begins."""
SEARCH_FIELDS = ("country", "type", "area_code", "locality", "contains", "show")
TYPE_NAMES = {
    NumberType.LOCAL: "Local",
    NumberType.MOBILE: "Mobile",
    NumberType.NATIONAL: "National",
    NumberType.TOLL_FREE: "Toll-free",
}
_COUNTRIES_WITHOUT_DOCUMENTS = frozenset({"US", "CA"})
_SHOW_AVAILABLE, SHOW_ALL = "now", "all"
AVAILABILITY_OPTIONS = ((_SHOW_AVAILABLE, "Available now"), (SHOW_ALL, "All numbers"))
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
    """The types that the carrier sells in the searched country; empty when it sells none or this is not known."""
    prices: Mapping[NumberType, Price] = {}
    """The prices per month of the searched country's types, where they are known."""
    needs_address: bool = False
    """True after a purchase that was refused because it needs a registered address."""


def address_requirement(number: AvailableNumber, registered: Collection[str]) -> str:
    """A phrase that names the address that ``number`` needs; empty when the ``registered`` countries suffice."""
    if is_available_now(number, registered):
        return ""
    phrase = _REQUIREMENTS.get(number.address_requirements, _REQUIREMENTS["any"])
    return phrase.format(country=country_in_sentence(number.country))


def type_options(types: Collection[NumberType]) -> list[tuple[str, str]]:
    """The options of the field ``type``: those in ``types``, or all if ``types`` is empty."""
    return [(kind.value, name) for kind, name in TYPE_NAMES.items() if kind in types or not types]


def empty_result_advice(result: SearchResult) -> str:
    """The advice that is shown when a search finds no number."""
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
    """The advice that the carrier may ask for identity documents, which the search itself does not report.

    Empty for a country in ``with_bundle``, whose documents are approved, and for one that needs none.
    """
    code = result.form["country"].strip().upper()
    if not result.numbers or code in _COUNTRIES_WITHOUT_DOCUMENTS or code in with_bundle:
        return ""
    country = country_in_sentence(code)
    return f"In {country} the carrier may ask for identity documents; contact support before you choose."


async def types_for(request: SettingsRequest, country: str) -> frozenset[NumberType]:
    """Ask the carrier for the types that it sells in ``country``, a code as typed; empty if it does not answer."""
    try:
        return await number_provisioning(request).searcher.number_types(parse_search(country).country)
    except DomainError:
        return frozenset()  # the search shows the reason


def area_code_example(country: str) -> str:
    """The placeholder of the field ``area_code`` for a country code as typed; an empty code counts as US."""
    code = country.strip().upper() or "US"
    return example_area_code(code) if code in countries() else ""


def area_code_hint(country: str) -> str:
    """The hint of the field ``area_code`` for a country without area codes; empty for other countries."""
    code = country.strip().upper()
    if code not in countries() or example_area_code(code):
        return ""
    return f"Numbers in {country_in_sentence(code)} have no area codes."


templates.globals["area_code_example"] = area_code_example
templates.globals["area_code_hint"] = area_code_hint


def country_attributes(request: SettingsRequest) -> Markup:
    """htmx attributes of the country list: a choice reloads the fields that depend on the country."""
    path = f"/dashboard/{request.path_params['slug']}/settings/numbers/fields"
    return Markup(' hx-get="{}" hx-target="#number-fields" hx-trigger="change" hx-sync="this:replace"').format(path)
