"""REST endpoints of the account, as at the carrier: state, balance, API keys, country permissions, usage triggers."""

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kit.countries import countries
from kit.settings import CarrierSettings
from sandbox import account_resources
from sandbox.account_store import AccountStore, UsageTrigger
from sandbox.call_registry import CallRegistry
from sandbox.rest_base import NO_SUCH_RESOURCE, NOT_AUTHENTICATED, RestEndpoints, RestError
from sandbox.rest_resources import API_VERSION, Resource

BAD_PARAMETER = 20001
_TRIGGER_FIELDS = {
    "FriendlyName": "friendly_name",
    "UsageCategory": "usage_category",
    "TriggerBy": "trigger_by",
    "TriggerValue": "trigger_value",
    "Recurring": "recurring",
    "CallbackUrl": "callback_url",
}


class AccountRest(RestEndpoints):
    """The endpoints; ``routes`` mounts them. The switches decide the account's state."""

    def __init__(self, account: CarrierSettings, store: AccountStore, registry: CallRegistry) -> None:
        super().__init__(account)
        self._store = store
        self._registry = registry

    def routes(self) -> list[Route]:
        base = f"/{API_VERSION}/Accounts/{{account_sid}}"
        return [
            self._route(f"{base}.json", GET=self._fetch_account),
            self._route(f"{base}/Balance.json", GET=self._fetch_balance),
            self._route(f"{base}/Keys.json", GET=self._keys),
            self._route(f"{base}/Usage/Triggers.json", GET=self._triggers, POST=self._add_trigger),
            self._route(f"{base}/Usage/Triggers/{{sid}}.json", DELETE=self._remove_trigger),
            self._route("/v1/Keys/{sid}", GET=self._key),
            self._route("/v1/DialingPermissions/Countries", GET=self._countries),
        ]

    def _fetch_account(self, request: Request, _: dict[str, str]) -> Response:
        self._ensure_may_manage(request)
        switches = self._registry.switches
        token = "0" * 32 if switches.other_auth_token else self._account.auth_token
        return JSONResponse(account_resources.account(self._account.account_sid, token, is_trial=switches.trial))

    def _fetch_balance(self, _request: Request, _: dict[str, str]) -> Response:
        return JSONResponse(account_resources.balance(self._account.account_sid, self._registry.switches.balance))

    def _keys(self, request: Request, _: dict[str, str]) -> Response:
        self._ensure_may_manage(request)
        return self._page(request, "keys", [self._account.api_key_sid], account_resources.key)

    def _key(self, request: Request, _: dict[str, str]) -> Response:
        self._ensure_may_manage(request)
        if request.path_params["sid"] != self._account.api_key_sid:
            raise NO_SUCH_RESOURCE
        is_restricted = self._registry.switches.key_type == "restricted"
        return JSONResponse(
            {
                **account_resources.key(self._account.api_key_sid),
                "policy": {"allow": ["/twilio/voice/calls/read"]} if is_restricted else None,
            }
        )

    def _countries(self, request: Request, _: dict[str, str]) -> Response:
        query, excluded = request.query_params, self._registry.switches.countries_not_permitted
        is_permitted = {"true": True, "false": False}.get(query.get("LowRiskNumbersEnabled", ""))
        codes: Iterable[str] = sorted(countries())
        if is_permitted is not None:
            codes = [code for code in codes if (code not in excluded) is is_permitted]
        content = [account_resources.country(code, is_permitted=code not in excluded) for code in codes]
        url = str(request.url)
        meta = {"key": "content", "page": 0, "page_size": len(content), "url": url, "first_page_url": url}
        return JSONResponse(
            {"content": content, "meta": {**meta, "previous_page_url": None, "next_page_url": None}},
        )

    def _triggers(self, request: Request, _: dict[str, str]) -> Response:
        return self._page(request, "usage_triggers", self._store.usage_triggers(), self._trigger_json)

    def _add_trigger(self, _: Request, form: dict[str, str]) -> Response:
        missing = [name for name in ("CallbackUrl", "TriggerValue", "UsageCategory") if not form.get(name)]
        if missing:
            raise RestError(400, BAD_PARAMETER, f"{missing[0]} is required")
        try:
            Decimal(form["TriggerValue"])
        except InvalidOperation:
            raise RestError(400, BAD_PARAMETER, "TriggerValue is not a number") from None
        fields = {field: form.get(name, "") for name, field in _TRIGGER_FIELDS.items()}
        row = self._store.add_usage_trigger(**fields, callback_method=form.get("CallbackMethod", "POST"))
        return JSONResponse(self._trigger_json(row), 201)

    def _remove_trigger(self, request: Request, _: dict[str, str]) -> Response:
        if not self._store.remove_usage_trigger(request.path_params["sid"]):
            raise NO_SUCH_RESOURCE
        return Response(status_code=204)

    def _trigger_json(self, row: UsageTrigger) -> Resource:
        return account_resources.usage_trigger(self._account.account_sid, row)

    def _ensure_may_manage(self, request: Request) -> None:
        """Only the auth token and main API keys may read the account and its keys. Raises: RestError."""
        if not self._is_auth_token(request) and self._registry.switches.key_type != "main":
            raise RestError(401, NOT_AUTHENTICATED, "Authenticate")
