"""Sends carrier callbacks, signed as the carrier does, to the product."""

import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime
from email.utils import format_datetime
from urllib.parse import urlencode
from uuid import UUID

import httpx
from litestar.datastructures import MultiDict
from twilio.request_validator import RequestValidator

from kit.settings import Settings

Pairs = Iterable[tuple[str, str]]
REJECT = b'<?xml version="1.0" encoding="UTF-8"?><Response><Reject /></Response>'


def new_sid() -> str:
    """A new carrier's id of a call."""
    return "CA" + secrets.token_hex(16)


def identity_of(token_id: UUID) -> str:
    """The identity of a new widget with the token."""
    return f"w_{token_id.hex}_{secrets.token_hex(8)}"


class CallbackClient:
    """Posts callbacks, by default signed with the account's auth token."""

    def __init__(self, client: httpx.AsyncClient, settings: Settings) -> None:
        self._client = client
        self._public_url = settings.public_url
        self._account = settings.twilio.account_sid
        self._validator = RequestValidator(settings.twilio.auth_token)

    def sign(self, path: str, form: Pairs) -> str:
        signature: str = self._validator.compute_signature(self._public_url + path, MultiDict(list(form)))
        return signature

    async def send(
        self, path: str, form: Mapping[str, str] | Pairs, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Post ``form`` with the account's id; ``headers`` may replace the signature."""
        given = list(form.items()) if isinstance(form, Mapping) else list(form)
        pairs = [*given, ("AccountSid", self._account)]
        return await self.send_exactly(path, pairs, {"x-twilio-signature": self.sign(path, pairs), **(headers or {})})

    async def send_exactly(self, path: str, form: Pairs, headers: Mapping[str, str]) -> httpx.Response:
        return await self.send_body(path, urlencode(list(form)).encode(), headers)

    async def send_body(self, path: str, body: bytes, headers: Mapping[str, str]) -> httpx.Response:
        sent = {"content-type": "application/x-www-form-urlencoded; charset=UTF-8", **headers}
        return await self._client.post(path, content=body, headers=sent)

    async def outgoing(self, token_id: UUID, sid: str, *, to: str = "+12125550147", **more: str) -> httpx.Response:
        """Send the callback for a new call to ``to`` from a browser with the access token of ``token_id``."""
        form = {"CallSid": sid, "From": f"client:{identity_of(token_id)}", "To": to, "CallStatus": "ringing", **more}
        return await self.send("/voice/outgoing", form)

    async def incoming(self, number: str, sid: str, *, caller: str = "+12125550160", **more: str) -> httpx.Response:
        """Send the callback for a call from ``caller`` to the organization's ``number``."""
        form = {"CallSid": sid, "From": caller, "To": number, "CallStatus": "ringing", "Direction": "inbound", **more}
        return await self.send("/voice/incoming", form)

    async def event(
        self, sid: str, status: str, at: datetime, *, child: str | None = None, sequence: int = 0, **more: str
    ) -> httpx.Response:
        """Send the callback for a new status of the leg ``sid``, or of its child leg ``child``."""
        form = {"CallSid": sid if child is None else child, "CallStatus": status, "SequenceNumber": str(sequence)}
        if child is not None:
            form["ParentCallSid"] = sid
        return await self.send("/voice/status", {**form, "Timestamp": format_datetime(at), **more})
