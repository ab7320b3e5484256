"""REST endpoints of the account's postal addresses, and the check whether a number may be bought with an address."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kit.settings import CarrierSettings
from sandbox import rest_resources
from sandbox.account_store import AccountStore, Address
from sandbox.call_registry import CallRegistry
from sandbox.rest_base import BAD_VALUE, NO_SUCH_RESOURCE, RestEndpoints, RestError, or_not_found
from sandbox.rest_resources import Resource

ADDRESS_IN_USE = 21627
"""The sandbox's own error code for deleting an address that a number needs; not in the carrier's public list."""
_FIELDS = {
    "CustomerName": "customer_name",
    "Street": "street",
    "City": "city",
    "Region": "region",
    "PostalCode": "postal_code",
    "IsoCountry": "iso_country",
}


class AddressesRest(RestEndpoints):
    """Endpoints of ``Addresses``; ``routes`` mounts them."""

    def __init__(self, account: CarrierSettings, store: AccountStore, registry: CallRegistry) -> None:
        super().__init__(account)
        self._store, self._registry = store, registry

    def routes(self) -> list[Route]:
        base = f"/{rest_resources.API_VERSION}/Accounts/{{account_sid}}/Addresses"
        return [
            self._route(f"{base}.json", GET=self._list, POST=self._create),
            self._route(f"{base}/{{sid}}.json", GET=self._show, DELETE=self._delete),
            self._route(f"{base}/{{sid}}/DependentPhoneNumbers.json", GET=self._dependent_numbers),
        ]

    def _list(self, request: Request, _: dict[str, str]) -> Response:
        name = request.query_params.get("FriendlyName")
        rows = [row for row in self._store.addresses() if name in (None, row.friendly_name)]
        return self._page(request, "addresses", rows, self._json)

    def _create(self, _: Request, form: dict[str, str]) -> Response:
        if (code := self._registry.switches.address_error) is not None:
            raise RestError(400, code, "Refused by a switch of the sandbox")
        missing = [name for name in _FIELDS if name not in form or (not form[name] and name != "PostalCode")]
        if missing:
            raise RestError(400, BAD_VALUE, f"Missing: {', '.join(missing)}")
        fields = {field: form[name] for name, field in _FIELDS.items()}
        row = self._store.add_address(friendly_name=form.get("FriendlyName", ""), **fields)
        return JSONResponse(self._json(row), 201)

    def _show(self, request: Request, _: dict[str, str]) -> Response:
        return JSONResponse(self._json(or_not_found(self._store.address(request.path_params["sid"]))))

    def _delete(self, request: Request, _: dict[str, str]) -> Response:
        sid = request.path_params["sid"]
        if any(number.address_sid == sid for number in self._store.numbers()):
            raise RestError(400, ADDRESS_IN_USE, "A phone number needs this address")
        if not self._store.remove_address(sid):
            raise NO_SUCH_RESOURCE
        return Response(status_code=204)

    def _dependent_numbers(self, request: Request, _: dict[str, str]) -> Response:
        sid = or_not_found(self._store.address(request.path_params["sid"])).sid
        rows = [number for number in self._store.numbers() if number.address_sid == sid]
        account_sid = self._account.account_sid
        return self._page(
            request, "dependent_phone_numbers", rows, lambda row: rest_resources.dependent_number(account_sid, row)
        )

    def _json(self, row: Address) -> Resource:
        return rest_resources.address(self._account.account_sid, row)


def is_address_sufficient(requirement: str, address: Address | None, country: str) -> bool:
    """True when a number of ``country`` with this address ``requirement`` can be bought with ``address``."""
    if requirement == "none":
        return True
    if address is None:
        return False
    return {"local": address.iso_country == country, "foreign": address.iso_country != country}.get(requirement, True)
