"""The carrier's lists of numbers for sale, by country and type."""

from collections.abc import Iterator
from itertools import islice

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kit.settings import CarrierSettings
from sandbox import number_inventory, rest_resources
from sandbox.account_store import AccountStore
from sandbox.call_registry import CallRegistry
from sandbox.number_inventory import NumberForSale, NumberKind
from sandbox.rest_base import BAD_VALUE, NO_SUCH_RESOURCE, RestEndpoints, RestError
from sandbox.rest_resources import Resource

SEARCH_LIMIT = 2000
_EXCLUSIONS = {
    "ExcludeAllAddressRequired": frozenset({"any", "local", "foreign"}),
    "ExcludeLocalAddressRequired": frozenset({"local"}),
    "ExcludeForeignAddressRequired": frozenset({"foreign"}),
}
"""The address requirements that each parameter leaves out."""


class AvailableNumbers(RestEndpoints):
    """Endpoints of ``AvailablePhoneNumbers``; ``routes`` mounts them."""

    def __init__(self, account: CarrierSettings, store: AccountStore, registry: CallRegistry) -> None:
        super().__init__(account)
        self._store, self._registry = store, registry

    def routes(self) -> list[Route]:
        base = f"/{rest_resources.API_VERSION}/Accounts/{{account_sid}}/AvailablePhoneNumbers/{{country}}"
        return [
            self._route(f"{base}.json", GET=self._types),
            self._route(f"{base}/{{kind}}.json", GET=self._search),
            self._route("/v1/PhoneNumbers/Countries/{country}", GET=self._prices),
        ]

    def _types(self, request: Request, _: dict[str, str]) -> Response:
        country = request.path_params["country"]
        kinds = number_inventory.kinds_of(country)
        if not kinds:
            raise NO_SUCH_RESOURCE
        return JSONResponse(rest_resources.available_country(self._account.account_sid, country, kinds))

    def _prices(self, request: Request, _: dict[str, str]) -> Response:
        country, switches = request.path_params["country"], self._registry.switches
        kinds = number_inventory.kinds_of(country)
        if not kinds or country in switches.number_prices_unknown:
            raise NO_SUCH_RESOURCE
        return JSONResponse(rest_resources.number_prices(country, kinds, price_unit=switches.price_unit))

    def _search(self, request: Request, _: dict[str, str]) -> Response:
        query = request.query_params
        contains = query.get("Contains")
        if contains is not None and len(contains) < 2:
            raise RestError(400, BAD_VALUE, "Contains needs at least two characters")
        country, kind = request.path_params["country"], number_inventory.KINDS_BY_NAME.get(request.path_params["kind"])
        if kind is None or kind not in number_inventory.kinds_of(country):
            raise NO_SUCH_RESOURCE
        found = self._found(country, kind, query.get("AreaCode"), contains)
        city, owned = query.get("InLocality"), {row.e164 for row in self._store.numbers()}
        excluded = {kind for name, kinds in _EXCLUSIONS.items() if query.get(name) == "true" for kind in kinds}
        free = (
            number
            for number in found
            if number.e164 not in owned
            and city in (None, number.locality.city)
            and self._registry.switches.requirement_of(number.country) not in excluded
        )
        return self._page(request, "available_phone_numbers", list(islice(free, SEARCH_LIMIT)), self._offer_json)

    def _found(
        self, country: str, kind: NumberKind, area_code: str | None, contains: str | None
    ) -> Iterator[NumberForSale]:
        if self._registry.switches.area_code_ignored_abroad and country not in number_inventory.NORTH_AMERICA:
            area_code = None
        return number_inventory.search(country, area_code, contains, kind)

    def _offer_json(self, offer: NumberForSale) -> Resource:
        requirement = self._registry.switches.requirement_of(offer.country)
        return rest_resources.available_number(offer, address_requirements=requirement)
