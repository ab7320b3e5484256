"""REST endpoints of verified caller ids: lists and deletes them, and simulates the validation call to a number."""

import secrets

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kit.e164 import is_e164
from kit.settings import CarrierSettings
from sandbox import rest_resources
from sandbox.account_store import AccountStore, CallerId
from sandbox.call_registry import CallRegistry
from sandbox.callback_sender import CallbackSender
from sandbox.legs import new_sid
from sandbox.rest_base import NO_SUCH_RESOURCE, RestEndpoints, RestError
from sandbox.rest_resources import Resource
from sandbox.sandbox_numbers import Behaviour, far_end_of

INVALID_NUMBER, VERIFIED_ALREADY = 21211, 21450
MAX_NAME_CHARACTERS = 64


class CallerIdsRest(RestEndpoints):
    """Endpoints of ``OutgoingCallerIds``; ``routes`` mounts them."""

    def __init__(
        self, account: CarrierSettings, store: AccountStore, registry: CallRegistry, callbacks: CallbackSender
    ) -> None:
        super().__init__(account)
        self._store, self._registry, self._callbacks = store, registry, callbacks

    def routes(self) -> list[Route]:
        base = f"/{rest_resources.API_VERSION}/Accounts/{{account_sid}}/OutgoingCallerIds"
        return [
            self._route(f"{base}.json", GET=self._list, POST=self._validate),
            self._route(f"{base}/{{sid}}.json", DELETE=self._delete),
        ]

    def _list(self, request: Request, _: dict[str, str]) -> Response:
        query = request.query_params
        number, name = query.get("PhoneNumber"), query.get("FriendlyName")
        rows = [
            row for row in self._store.caller_ids() if number in (None, row.e164) and name in (None, row.friendly_name)
        ]
        return self._page(request, "outgoing_caller_ids", rows, self._json)

    def _validate(self, _: Request, form: dict[str, str]) -> Response:
        """Simulate a validation call: a number that presses keys is verified, a busy or failing one is not.

        Any other number reports no result, as when nobody types the code.
        """
        number, name = form.get("PhoneNumber", ""), form.get("FriendlyName", "")
        if not is_e164(number) or len(name) > MAX_NAME_CHARACTERS:
            raise RestError(400, INVALID_NUMBER, "The number is invalid")
        if self._registry.switches.verified_once and any(row.e164 == number for row in self._store.caller_ids()):
            raise RestError(400, VERIFIED_ALREADY, "Phone number already validated for your account")
        call_sid, far_end = new_sid("CA"), far_end_of(number)
        if far_end.presses:
            self._report(form, call_sid, "success", OutgoingCallerIdSid=self._store.add_caller_id(number, name).sid)
        elif far_end.behaviour in (Behaviour.BUSY, Behaviour.FAILS):
            self._report(form, call_sid, "failed")
        answer = {
            "account_sid": self._account.account_sid,
            "call_sid": call_sid,
            "friendly_name": name,
            "phone_number": number,
            "validation_code": f"{secrets.randbelow(1_000_000):06}",
        }
        return JSONResponse(answer)

    def _report(self, form: dict[str, str], call_sid: str, status: str, **extra: str) -> None:
        if url := form.get("StatusCallback"):
            fields = {"AccountSid": self._account.account_sid, "CallSid": call_sid, "To": form["PhoneNumber"]}
            self._callbacks.report(call_sid, url, {**fields, "VerificationStatus": status, **extra})

    def _delete(self, request: Request, _: dict[str, str]) -> Response:
        if not self._store.remove_caller_id(request.path_params["sid"]):
            raise NO_SUCH_RESOURCE
        return Response(status_code=204)

    def _json(self, row: CallerId) -> Resource:
        return rest_resources.caller_id(self._account.account_sid, row)
