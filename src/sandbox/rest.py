"""The carrier's REST interface, as far as the product uses it through the carrier's own library."""

import secrets
from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from itertools import islice
from typing import TypeVar
from urllib.parse import parse_qsl, urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kit.settings import CarrierSettings
from sandbox import number_inventory, rest_resources
from sandbox.account_store import (
    Application,
    Ledger,
    Number,
    NumberTakenError,
)
from sandbox.call_registry import Switchboard
from sandbox.legs import Leg
from sandbox.rest_resources import Resource

DEFAULT_PAGE, LARGEST_PAGE = 50, 1000
SEARCH_LIMIT = 2000
NOT_FOUND, NOT_AUTHENTICATED, MISSING, UNAVAILABLE, BAD_VALUE = 20404, 20003, 21201, 21422, 20001
CALL_IS_LIVE = 20009

Row = TypeVar("Row")


class RestError(Exception):
    """An error as the carrier words it."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


NO_SUCH_RESOURCE = RestError(404, NOT_FOUND, "The requested resource was not found")


class Rest:
    """The endpoints; ``routes`` mounts them."""

    def __init__(self, account: CarrierSettings, ledger: Ledger, switchboard: Switchboard) -> None:
        self._account = account
        self._ledger = ledger
        self._switchboard = switchboard

    def routes(self) -> list[Route]:
        base = f"/{rest_resources.API_VERSION}/Accounts/{{account_sid}}"
        return [
            self._route(f"{base}/AvailablePhoneNumbers/{{country}}/Local.json", GET=self._search),
            self._route(f"{base}/IncomingPhoneNumbers.json", GET=self._numbers, POST=self._buy),
            self._route(
                f"{base}/IncomingPhoneNumbers/{{sid}}.json",
                GET=self._number,
                POST=self._change_number,
                DELETE=self._release,
            ),
            self._route(f"{base}/Applications.json", GET=self._applications, POST=self._add_application),
            self._route(f"{base}/Applications/{{sid}}.json", GET=self._application, POST=self._change_application),
            self._route(f"{base}/Calls.json", GET=self._calls),
            self._route(f"{base}/Calls/{{sid}}.json", GET=self._call, POST=self._change_call, DELETE=self._delete_call),
        ]

    def _route(self, path: str, **handlers: Callable[[Request, dict[str, str]], Response]) -> Route:
        async def endpoint(request: Request) -> Response:
            try:
                self._authenticate(request)
                form = dict(parse_qsl((await request.body()).decode(errors="replace"), keep_blank_values=True))
                return handlers["GET" if request.method == "HEAD" else request.method](request, form)
            except RestError as error:
                return error_response(error.status, error.code, error.message)

        return Route(path, endpoint, methods=list(handlers))

    def _authenticate(self, request: Request) -> None:
        scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
        try:
            presented = b64decode(credentials, validate=True) if scheme.lower() == "basic" else b""
        except ValueError:
            presented = b""
        own = self._account
        pairs = ((own.account_sid, own.auth_token), (own.api_key_sid, own.api_key_secret))
        if not any(secrets.compare_digest(presented, f"{name}:{secret}".encode()) for name, secret in pairs):
            raise RestError(401, NOT_AUTHENTICATED, "Authenticate")
        if request.path_params["account_sid"] != own.account_sid:
            raise NO_SUCH_RESOURCE

    def _search(self, request: Request, _: dict[str, str]) -> Response:
        query = request.query_params
        contains = query.get("Contains")
        if contains is not None and len(contains) < 2:
            raise RestError(400, BAD_VALUE, "Contains needs at least two characters")
        try:
            found = number_inventory.search(request.path_params["country"], query.get("AreaCode"), contains)
            owned = {row.e164 for row in self._ledger.numbers()}
            free = list(islice((number for number in found if number.e164 not in owned), SEARCH_LIMIT))
        except LookupError:
            raise NO_SUCH_RESOURCE from None
        return self._page(request, "available_phone_numbers", free, rest_resources.available_number)

    def _numbers(self, request: Request, _: dict[str, str]) -> Response:
        query = request.query_params
        # PhoneNumber may be a part of a number, FriendlyName is exact: as the carrier does.
        part, name = query.get("PhoneNumber", "").replace("*", ""), query.get("FriendlyName")
        rows = [row for row in self._ledger.numbers() if part in row.e164 and name in (None, row.friendly_name)]
        return self._page(request, "incoming_phone_numbers", rows, self._number_json)

    def _buy(self, _: Request, form: dict[str, str]) -> Response:
        e164 = form.get("PhoneNumber", "")
        if not e164:
            raise RestError(400, MISSING, "No phone number was given")
        offer = number_inventory.for_sale(e164)
        if offer is None:
            raise RestError(400, UNAVAILABLE, f"{e164} is not available")
        try:
            row = self._ledger.add_number(e164, form.get("FriendlyName") or offer.friendly)
        except NumberTakenError:
            raise RestError(400, UNAVAILABLE, f"{e164} is not available") from None
        self._change(row, form, VoiceApplicationSid="voice_application_sid", VoiceUrl="voice_url")
        return JSONResponse(self._number_json(row), 201)

    def _number(self, request: Request, _: dict[str, str]) -> Response:
        return JSONResponse(self._number_json(_found(self._ledger.number(request.path_params["sid"]))))

    def _change_number(self, request: Request, form: dict[str, str]) -> Response:
        row = _found(self._ledger.number(request.path_params["sid"]))
        fields = {"FriendlyName": "friendly_name", "VoiceApplicationSid": "voice_application_sid"}
        self._change(row, form, **fields, VoiceUrl="voice_url")
        return JSONResponse(self._number_json(row))

    def _release(self, request: Request, _: dict[str, str]) -> Response:
        if not self._ledger.remove_number(request.path_params["sid"]):
            raise NO_SUCH_RESOURCE
        return Response(status_code=204)

    def _applications(self, request: Request, _: dict[str, str]) -> Response:
        name = request.query_params.get("FriendlyName")
        rows = [row for row in self._ledger.applications() if name in (None, row.friendly_name)]
        return self._page(request, "applications", rows, self._application_json)

    def _add_application(self, _: Request, form: dict[str, str]) -> Response:
        row = self._ledger.add_application(form.get("FriendlyName", ""))
        self._change(row, form, VoiceUrl="voice_url", StatusCallback="status_callback")
        return JSONResponse(self._application_json(row), 201)

    def _application(self, request: Request, _: dict[str, str]) -> Response:
        return JSONResponse(self._application_json(_found(self._ledger.application(request.path_params["sid"]))))

    def _change_application(self, request: Request, form: dict[str, str]) -> Response:
        row = _found(self._ledger.application(request.path_params["sid"]))
        fields = {"FriendlyName": "friendly_name", "StatusCallback": "status_callback"}
        self._change(row, form, **fields, VoiceUrl="voice_url", VoiceFallbackUrl="voice_fallback_url")
        return JSONResponse(self._application_json(row))

    def _calls(self, request: Request, _: dict[str, str]) -> Response:
        query = request.query_params
        wanted = {"to": "To", "from_": "From", "parent_sid": "ParentCallSid", "status": "Status"}
        legs = [
            leg
            for _, leg in self._switchboard.legs()
            if all(query.get(name) in (None, getattr(leg, field)) for field, name in wanted.items())
            and _began_when_asked(leg, query)
        ]
        return self._page(request, "calls", legs, self._leg_json)

    def _call(self, request: Request, _: dict[str, str]) -> Response:
        sid = request.path_params["sid"]
        return JSONResponse(
            self._leg_json(_found(next((leg for _, leg in self._switchboard.legs() if leg.sid == sid), None)))
        )

    def _change_call(self, request: Request, form: dict[str, str]) -> Response:
        sid = request.path_params["sid"]
        if form.get("Status") not in ("completed", "canceled"):
            raise RestError(400, BAD_VALUE, "The sandbox changes nothing of a call but its Status, to completed")
        for call, leg in self._switchboard.legs():
            if call is not None and leg.sid == sid and not leg.is_over:
                if leg is call.parent:
                    call.complete()
                else:
                    call.complete_child()
                return JSONResponse(self._leg_json(leg))
        raise NO_SUCH_RESOURCE

    def _delete_call(self, request: Request, _: dict[str, str]) -> Response:
        leg = _found(next((leg for _, leg in self._switchboard.legs() if leg.sid == request.path_params["sid"]), None))
        if not leg.is_over:
            raise RestError(409, CALL_IS_LIVE, "The call is still in progress")
        self._switchboard.forget(leg)
        return Response(status_code=204)

    def _number_json(self, row: Number) -> Resource:
        return rest_resources.incoming_number(self._account.account_sid, row)

    def _application_json(self, row: Application) -> Resource:
        return rest_resources.application(self._account.account_sid, row)

    def _leg_json(self, leg: Leg) -> Resource:
        return rest_resources.call_leg(self._account.account_sid, leg)

    def _change(self, row: Number | Application, form: dict[str, str], **fields: str) -> None:
        for name, field in fields.items():
            if name in form:
                setattr(row, field, form[name])
        self._ledger.save(row)

    def _page(self, request: Request, name: str, rows: Sequence[Row], shape: Callable[[Row], Resource]) -> Response:
        query = dict(request.query_params)
        size = min(_whole(query.get("PageSize"), DEFAULT_PAGE), LARGEST_PAGE) or DEFAULT_PAGE
        page = _whole(query.get("Page"), 0)
        shown = rows[page * size : (page + 1) * size]

        def uri(number: int) -> str:
            return f"{request.url.path}?{urlencode({**query, 'PageSize': size, 'Page': number})}"

        last = (page + 1) * size >= len(rows)
        return JSONResponse(
            {
                name: [shape(row) for row in shown],
                "first_page_uri": uri(0),
                "previous_page_uri": uri(page - 1) if page else None,
                "next_page_uri": None if last else uri(page + 1),
                "uri": uri(page),
                "page": page,
                "page_size": size,
                "start": page * size,
                "end": max(page * size + len(shown) - 1, 0),
            }
        )


def error_response(status: int, code: int, message: str) -> Response:
    """An error in the carrier's form."""
    more = f"https://www.twilio.com/docs/errors/{code}"
    return JSONResponse({"code": code, "message": message, "more_info": more, "status": status}, status)


async def http_error(_: Request, error: Exception) -> Response:
    """Starlette's own refusals (no route, wrong method) in the carrier's form."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    return error_response(status, NOT_FOUND if status == 404 else 20004, "The requested resource was not found")


def _found(row: Row | None) -> Row:
    if row is None:
        raise NO_SUCH_RESOURCE
    return row


def _began_when_asked(leg: Leg, query: Mapping[str, str]) -> bool:
    """``StartTime``, and with ``<`` and ``>`` behind it, name days: on it, before it, on or after it."""
    day = rest_resources.began(leg).date()
    on, before, after = (_day(query.get(f"StartTime{sign}")) for sign in ("", "<", ">"))
    return (on is None or day == on) and (before is None or day < before) and (after is None or day >= after)


def _day(value: str | None) -> date | None:
    if value is None:
        return None
    try:
        return date.fromisoformat(value[:10])
    except ValueError:
        raise RestError(400, BAD_VALUE, "Not a day as YYYY-MM-DD") from None


def _whole(value: str | None, default: int) -> int:
    return int(value) if value is not None and value.isascii() and value.isdigit() else default
