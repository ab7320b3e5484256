"""REST endpoints of the account's phone numbers, TwiML applications and calls, as at the carrier."""

import asyncio
from collections.abc import Mapping
from datetime import date
from functools import partial

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kit.e164 import is_e164
from kit.settings import CarrierSettings
from sandbox import number_inventory, rest_resources, twiml
from sandbox.account_store import (
    AccountStore,
    Application,
    Number,
    NumberTakenError,
)
from sandbox.addresses_rest import is_address_sufficient
from sandbox.call_registry import CallRegistry
from sandbox.legs import Leg
from sandbox.rest_base import BAD_VALUE, NO_SUCH_RESOURCE, RestEndpoints, RestError, or_not_found
from sandbox.rest_resources import Resource

MISSING_NUMBER, NUMBER_UNAVAILABLE = 21201, 21422
CALL_NOT_IN_PROGRESS, CALL_IS_LIVE, ADDRESS_REQUIRED, BUNDLE_REQUIRED, TOO_MANY_REQUESTS = (
    21220,
    20009,
    21631,
    21649,
    20429,
)
INVALID_TO, CALLER_ID_NOT_OWNED = 21211, 21212
UPDATE_DELAY_SECONDS = 0.5
"""With the switch ``update_answers_in_progress``: the time from the response to the end of the call."""
_ROUTE_FIELDS = {
    "VoiceApplicationSid": "voice_application_sid",
    "VoiceUrl": "voice_url",
    "VoiceFallbackUrl": "voice_fallback_url",
    "StatusCallback": "status_callback",
}
"""The form fields for a number's callback URLs, with the fields of ``Number``."""


class CallsAndNumbersRest(RestEndpoints):
    """The endpoints; ``routes`` mounts them."""

    def __init__(self, account: CarrierSettings, store: AccountStore, registry: CallRegistry) -> None:
        super().__init__(account)
        self._store = store
        self._registry = registry

    def routes(self) -> list[Route]:
        base = f"/{rest_resources.API_VERSION}/Accounts/{{account_sid}}"
        return [
            self._route(f"{base}/IncomingPhoneNumbers.json", GET=self._numbers, POST=self._buy),
            self._route(
                f"{base}/IncomingPhoneNumbers/{{sid}}.json",
                GET=self._number,
                POST=self._change_number,
                DELETE=self._release,
            ),
            self._route(f"{base}/Applications.json", GET=self._applications, POST=self._add_application),
            self._route(f"{base}/Applications/{{sid}}.json", GET=self._application, POST=self._change_application),
            self._route(f"{base}/Calls.json", GET=self._calls, POST=self._place_call),
            self._route(f"{base}/Calls/{{sid}}/Notifications.json", GET=self._notifications),
            self._route(f"{base}/Calls/{{sid}}.json", GET=self._call, POST=self._change_call, DELETE=self._delete_call),
        ]

    def _numbers(self, request: Request, _: dict[str, str]) -> Response:
        query = request.query_params
        # As at the carrier, PhoneNumber may be part of a number and FriendlyName is exact.
        part, name = query.get("PhoneNumber", "").replace("*", ""), query.get("FriendlyName")
        rows = [row for row in self._store.numbers() if part in row.e164 and name in (None, row.friendly_name)]
        return self._page(request, "incoming_phone_numbers", rows, self._number_json)

    def _buy(self, _: Request, form: dict[str, str]) -> Response:
        e164 = form.get("PhoneNumber", "")
        if not e164:
            raise RestError(400, MISSING_NUMBER, "No phone number was given")
        offer = number_inventory.find_for_sale(e164)
        if offer is None:
            raise RestError(400, NUMBER_UNAVAILABLE, f"{e164} is not available")
        self._check_switches(offer, form)
        try:
            row = self._store.add_number(e164, form.get("FriendlyName") or offer.national_format)
        except NumberTakenError:
            raise RestError(400, NUMBER_UNAVAILABLE, f"{e164} is not available") from None
        self._change(row, form, **_ROUTE_FIELDS, AddressSid="address_sid", BundleSid="bundle_sid")
        return JSONResponse(self._number_json(row), 201)

    def _check_switches(self, offer: number_inventory.NumberForSale, form: dict[str, str]) -> None:
        switches = self._registry.switches
        if switches.purchase_error is not None:
            status = 429 if switches.purchase_error == TOO_MANY_REQUESTS else 400
            raise RestError(status, switches.purchase_error, "Refused by a switch of the sandbox")
        address = self._store.address(form.get("AddressSid", ""))
        if not is_address_sufficient(switches.requirement_of(offer.country), address, offer.country):
            raise RestError(400, ADDRESS_REQUIRED, "Phone number requires an address")
        if offer.country in switches.bundle_required and not form.get("BundleSid"):
            raise RestError(400, BUNDLE_REQUIRED, "Bundle required and not provided")

    def _number(self, request: Request, _: dict[str, str]) -> Response:
        return JSONResponse(self._number_json(or_not_found(self._store.number(request.path_params["sid"]))))

    def _change_number(self, request: Request, form: dict[str, str]) -> Response:
        row = or_not_found(self._store.number(request.path_params["sid"]))
        self._change(row, form, **_ROUTE_FIELDS, FriendlyName="friendly_name")
        return JSONResponse(self._number_json(row))

    def _release(self, request: Request, _: dict[str, str]) -> Response:
        if not self._store.remove_number(request.path_params["sid"]):
            raise NO_SUCH_RESOURCE
        return Response(status_code=204)

    def _applications(self, request: Request, _: dict[str, str]) -> Response:
        name = request.query_params.get("FriendlyName")
        rows = [row for row in self._store.applications() if name in (None, row.friendly_name)]
        return self._page(request, "applications", rows, self._application_json)

    def _add_application(self, _: Request, form: dict[str, str]) -> Response:
        row = self._store.add_application(form.get("FriendlyName", ""))
        fields = {"StatusCallback": "status_callback", "VoiceFallbackUrl": "voice_fallback_url"}
        self._change(row, form, **fields, VoiceUrl="voice_url")
        return JSONResponse(self._application_json(row), 201)

    def _application(self, request: Request, _: dict[str, str]) -> Response:
        return JSONResponse(self._application_json(or_not_found(self._store.application(request.path_params["sid"]))))

    def _change_application(self, request: Request, form: dict[str, str]) -> Response:
        row = or_not_found(self._store.application(request.path_params["sid"]))
        fields = {"FriendlyName": "friendly_name", "StatusCallback": "status_callback"}
        self._change(row, form, **fields, VoiceUrl="voice_url", VoiceFallbackUrl="voice_fallback_url")
        return JSONResponse(self._application_json(row))

    def _calls(self, request: Request, _: dict[str, str]) -> Response:
        query = request.query_params
        filters = {"to": "To", "from_": "From", "parent_sid": "ParentCallSid", "status": "Status"}
        legs = [
            leg
            for _, leg in self._registry.legs()
            if all(query.get(name) in (None, getattr(leg, field)) for field, name in filters.items())
            and _started_on(leg, query)
        ]
        return self._page(request, "calls", legs, self._leg_json)

    def _place_call(self, _: Request, form: dict[str, str]) -> Response:
        to, caller_id = form.get("To", ""), form.get("From", "")
        if not is_e164(to):
            raise RestError(400, INVALID_TO, "The number is invalid")
        if caller_id not in {row.e164 for row in self._store.numbers()}:
            raise RestError(400, CALLER_ID_NOT_OWNED, "From is not a number of the account")
        leg = self._registry.outbound.place(to=to, caller_id=caller_id)
        return JSONResponse(self._leg_json(leg), 201)

    def _call(self, request: Request, _: dict[str, str]) -> Response:
        sid = request.path_params["sid"]
        return JSONResponse(
            self._leg_json(or_not_found(next((leg for _, leg in self._registry.legs() if leg.sid == sid), None)))
        )

    def _notifications(self, request: Request, _: dict[str, str]) -> Response:
        """The errors recorded about a call; unknown calls have none, as at the carrier."""
        sid, level = request.path_params["sid"], request.query_params.get("Log")
        legs = [leg for _, leg in self._registry.legs() if leg.sid == sid and leg.error_code and level in (None, "0")]
        return self._page(request, "notifications", legs, self._notification_json)

    def _change_call(self, request: Request, form: dict[str, str]) -> Response:
        sid = request.path_params["sid"]
        if form.get("Url") or form.get("Twiml"):
            return self._redirect_leg(sid, form)
        if form.get("Status") not in ("completed", "canceled"):
            raise RestError(400, BAD_VALUE, "The sandbox can only end a call, or redirect it to another document")
        for call, leg in self._registry.legs():
            if call is not None and leg.sid == sid and not leg.is_over:
                end = partial(call.complete_leg, leg)
                if self._registry.switches.update_answers_in_progress:
                    asyncio.get_running_loop().call_later(UPDATE_DELAY_SECONDS, end)
                else:
                    end()
                return JSONResponse(self._leg_json(leg))
        raise NO_SUCH_RESOURCE

    def _redirect_leg(self, sid: str, form: dict[str, str]) -> Response:
        """Let a leg run another document; ``Url`` takes precedence over ``Twiml``, as at the carrier."""
        try:
            document = form.get("Url") or twiml.parse(form.get("Twiml", "").encode(), "")
        except twiml.TwimlError as error:
            raise RestError(400, BAD_VALUE, f"Twiml is not a TwiML document: {error}") from None
        for call, leg in self._registry.legs():
            if call is not None and leg.sid == sid and not leg.is_over:
                if not call.redirect_leg(leg, document):
                    raise RestError(400, CALL_NOT_IN_PROGRESS, "Call is not in-progress. Cannot redirect.")
                return JSONResponse(self._leg_json(leg))
        raise NO_SUCH_RESOURCE

    def _delete_call(self, request: Request, _: dict[str, str]) -> Response:
        leg = or_not_found(
            next((leg for _, leg in self._registry.legs() if leg.sid == request.path_params["sid"]), None)
        )
        if not leg.is_over:
            raise RestError(409, CALL_IS_LIVE, "The call is still in progress")
        self._registry.delete_leg(leg)
        return Response(status_code=204)

    def _number_json(self, row: Number) -> Resource:
        return rest_resources.incoming_number(self._account.account_sid, row)

    def _application_json(self, row: Application) -> Resource:
        return rest_resources.application(self._account.account_sid, row)

    def _notification_json(self, leg: Leg) -> Resource:
        return rest_resources.notification(self._account.account_sid, leg)

    def _leg_json(self, leg: Leg) -> Resource:
        switches = self._registry.switches
        resource = rest_resources.call_leg(self._account.account_sid, leg, price_unit=switches.price_unit)
        return {**resource, "price": ""} if switches.empty_prices else resource

    def _change(self, row: Number | Application, form: dict[str, str], **fields: str) -> None:
        for name, field in fields.items():
            if name in form:
                setattr(row, field, form[name])
        self._store.save(row)


def _started_on(leg: Leg, query: Mapping[str, str]) -> bool:
    """``StartTime=`` selects legs that began on that day, ``StartTime<=`` before it, ``StartTime>=`` on or after it."""
    day = rest_resources.started_at(leg).date()
    on, before, after = (_day(query.get(f"StartTime{sign}")) for sign in ("", "<", ">"))
    return (on is None or day == on) and (before is None or day < before) and (after is None or day >= after)


def _day(value: str | None) -> date | None:
    if value is None:
        return None
    try:
        return date.fromisoformat(value[:10])
    except ValueError:
        raise RestError(400, BAD_VALUE, "Not a day as YYYY-MM-DD") from None
