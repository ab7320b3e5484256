"""REST endpoints of phone numbers for sale: the types sold in a country, their prices, and the search."""

from collections.abc import Iterator
from itertools import islice

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kit.settings import CarrierSettings
from sandbox import number_inventory, rest_resources
from sandbox.account_store import AccountStore
from sandbox.call_registry import CallRegistry
from sandbox.number_inventory import NumberForSale, NumberType
from sandbox.rest_base import BAD_VALUE, NO_SUCH_RESOURCE, RestEndpoints, RestError
from sandbox.rest_resources import Resource

SEARCH_LIMIT = 2000
_EXCLUSIONS = {
    "ExcludeAllAddressRequired": frozenset({"any", "local", "foreign"}),
    "ExcludeLocalAddressRequired": frozenset({"local"}),
    "ExcludeForeignAddressRequired": frozenset({"foreign"}),
}
"""The address requirements whose numbers each parameter excludes."""


class AvailableNumbersRest(RestEndpoints):
    """Endpoints of ``AvailablePhoneNumbers``; ``routes`` mounts them."""

    def __init__(self, account: CarrierSettings, store: AccountStore, registry: CallRegistry) -> None:
        super().__init__(account)
        self._store, self._registry = store, registry

    def routes(self) -> list[Route]:
        base = f"/{rest_resources.API_VERSION}/Accounts/{{account_sid}}/AvailablePhoneNumbers/{{country}}"
        return [
            self._route(f"{base}.json", GET=self._types),
            self._route(f"{base}/{{number_type}}.json", GET=self._search),
            self._route("/v1/PhoneNumbers/Countries/{country}", GET=self._prices),
        ]

    def _types(self, request: Request, _: dict[str, str]) -> Response:
        country = request.path_params["country"]
        number_types = number_inventory.number_types_of(country)
        if not number_types:
            raise NO_SUCH_RESOURCE
        return JSONResponse(rest_resources.available_country(self._account.account_sid, country, number_types))

    def _prices(self, request: Request, _: dict[str, str]) -> Response:
        country, switches = request.path_params["country"], self._registry.switches
        number_types = number_inventory.number_types_of(country)
        if not number_types or country in switches.number_prices_unknown:
            raise NO_SUCH_RESOURCE
        return JSONResponse(rest_resources.number_prices(country, number_types, price_unit=switches.price_unit))

    def _search(self, request: Request, _: dict[str, str]) -> Response:
        query = request.query_params
        contains = query.get("Contains")
        if contains is not None and len(contains) < 2:
            raise RestError(400, BAD_VALUE, "Contains needs at least two characters")
        country = request.path_params["country"]
        number_type = number_inventory.TYPES_BY_RESOURCE.get(request.path_params["number_type"])
        if number_type is None or number_type not in number_inventory.number_types_of(country):
            raise NO_SUCH_RESOURCE
        found = self._search_inventory(country, number_type, query.get("AreaCode"), contains)
        city, owned = query.get("InLocality"), {row.e164 for row in self._store.numbers()}
        excluded = {
            requirement
            for name, requirements in _EXCLUSIONS.items()
            if query.get(name) == "true"
            for requirement in requirements
        }
        available = (
            number
            for number in found
            if number.e164 not in owned
            and city in (None, number.locality.city)
            and self._registry.switches.requirement_of(number.country) not in excluded
        )
        return self._page(request, "available_phone_numbers", list(islice(available, SEARCH_LIMIT)), self._offer_json)

    def _search_inventory(
        self, country: str, number_type: NumberType, area_code: str | None, contains: str | None
    ) -> Iterator[NumberForSale]:
        if self._registry.switches.area_code_ignored_abroad and country not in number_inventory.NORTH_AMERICA:
            area_code = None
        return number_inventory.search(country, area_code, contains, number_type)

    def _offer_json(self, offer: NumberForSale) -> Resource:
        requirement = self._registry.switches.requirement_of(offer.country)
        return rest_resources.available_number(offer, address_requirements=requirement)
