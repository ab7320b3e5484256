"""HubSpot API client: tokens, properties, records and calls. One fixed host; limits of time and size; no redirects.

Paths and fields are those of HubSpot's public documentation; they were not tested with a real account. See
docs/decisions/0295.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, TypeVar

import httpx
import msgspec

from crm.engagement import Record
from crm.failures import CALL_PROPERTY
from kit.tls import system_tls

TOTAL_SECONDS = 10.0
"""The time limit for one request and its whole response."""
CONNECT_SECONDS = 4.0
MAX_ANSWER_BYTES = 1_000_000
_TRANSIENT = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.REQUEST_TIMEOUT)
T = TypeVar("T")
_SCOPE = re.compile(r"crm\.[a-z_]+\.[a-z_]+\.[a-z]+")
_CATEGORY = re.compile(r"[A-Z_]{1,60}")


class HubSpotUnreachable(Exception):
    """There was no complete response, or its status says that a later attempt may succeed."""

    def __init__(self, retry_after: int | None = None) -> None:
        """``retry_after`` is HubSpot's ``Retry-After`` in whole seconds; None without one."""
        super().__init__("HubSpot is unreachable")
        self.retry_after = retry_after


class HubSpotRefused(Exception):
    """HubSpot refused the request."""

    def __init__(self, status: int, category: str, scopes: tuple[str, ...]) -> None:
        """``scopes`` are the scopes that the response names as missing."""
        super().__init__(f"HubSpot answered {status}")
        self.status = status
        self.category = category
        self.scopes = scopes


class TokenInfo(msgspec.Struct, frozen=True):
    """The HubSpot account of a token, and the token's scopes."""

    portal_id: str
    scopes: list[str] | None
    """None where HubSpot does not return them."""


class _Answer(msgspec.Struct, rename="camel"):
    """The fields of HubSpot's responses that we read; other fields are ignored."""


class _TokenAnswer(_Answer):
    hub_id: int
    scopes: list[str] = []


class _Account(_Answer):
    portal_id: int


class _Property(_Answer):
    group_name: str


class _Object(_Answer):
    id: str


class _Disposition(_Answer):
    id: str
    label: str
    deleted: bool = False


class _Error(_Answer):
    category: str = ""


class _Batch(_Answer):
    results: list[_Object] = []
    errors: list[_Error] = []


class HubSpotApi:
    """Opens sessions with HubSpot. Made once at start."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._tls = system_tls()

    @asynccontextmanager
    async def session(self, access_token: str) -> AsyncIterator["HubSpotSession"]:
        """Open a session for requests with one token; its connections stay open until the context ends."""
        headers = {
            "Authorization": f"Bearer {access_token}",
            # Without compression, so that the size limit applies to the decoded response.
            "Accept-Encoding": "identity",
            "User-Agent": "EpochVoice-HubSpot/1",
        }
        async with httpx.AsyncClient(
            base_url=self._base_url,
            headers=headers,
            verify=self._tls,
            trust_env=False,
            follow_redirects=False,
            timeout=httpx.Timeout(TOTAL_SECONDS, connect=CONNECT_SECONDS),
        ) as client:
            yield HubSpotSession(client, access_token)


class HubSpotSession:
    """Requests with one token. Each method raises HubSpotUnreachable and HubSpotRefused."""

    def __init__(self, client: httpx.AsyncClient, access_token: str) -> None:
        self._client = client
        self._access_token = access_token

    async def read_token(self) -> TokenInfo:
        """The token's account and scopes."""
        try:
            body = {"tokenKey": self._access_token}
            path = "/oauth/v2/private-apps/get/access-token-info"
            found = await self._send(_TokenAnswer, "POST", path, body)
            return TokenInfo(str(found.hub_id), found.scopes)
        except HubSpotRefused as error:
            if error.status == HTTPStatus.UNAUTHORIZED:
                raise
        # For a token of another kind, such as a service key, only the account can be read.
        account = await self._send(_Account, "GET", "/account-info/v3/details")
        return TokenInfo(str(account.portal_id), None)

    async def ensure_property(self) -> None:
        """Create the property for our id of a call (``CALL_PROPERTY``), unless it exists."""
        try:
            await self._send(_Property, "GET", f"/crm/v3/properties/calls/{CALL_PROPERTY}")
        except HubSpotRefused as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
        else:
            return
        title = await self._send(_Property, "GET", "/crm/v3/properties/calls/hs_call_title")
        body = {
            "name": CALL_PROPERTY,
            "label": "Epoch Voice call id",
            "description": "Set by Epoch Voice, so that each call is here once.",
            "groupName": title.group_name,
            "type": "string",
            "fieldType": "text",
            "hasUniqueValue": True,
        }
        try:
            await self._send(_Property, "POST", "/crm/v3/properties/calls", body)
        except HubSpotRefused as error:
            if error.status != HTTPStatus.CONFLICT:
                raise

    async def has_record(self, record: Record) -> bool:
        """True if the record exists and the token may read it."""
        try:
            await self._send(_Object, "GET", f"/crm/v3/objects/{record.object_type}/{record.id}")
        except HubSpotRefused as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            return False
        return True

    async def upsert_call(self, properties: Mapping[str, str]) -> str:
        """Create the call, or update the call with the same ``CALL_PROPERTY``; return HubSpot's id of the call."""
        upserted = {"idProperty": CALL_PROPERTY, "id": properties[CALL_PROPERTY], "properties": properties}
        found = await self._send(_Batch, "POST", "/crm/v3/objects/calls/batch/upsert", {"inputs": [upserted]})
        if not found.results:
            raise HubSpotRefused(HTTPStatus.BAD_REQUEST, _plain(found.errors[0].category if found.errors else ""), ())
        return found.results[0].id

    async def update_call(self, engagement_id: str, properties: Mapping[str, str]) -> None:
        """Update a call by HubSpot's id."""
        await self._send(_Object, "PATCH", f"/crm/v3/objects/calls/{engagement_id}", {"properties": properties})

    async def associate(self, engagement_id: str, record: Record) -> None:
        """Associate the call with the record; nothing changes when it is associated already."""
        to = f"{record.object_type}/{record.id}"
        await self._send(Any, "PUT", f"/crm/v4/objects/calls/{engagement_id}/associations/default/{to}")

    async def list_dispositions(self) -> dict[str, str]:
        """The ids of the account's call outcomes, by their labels in lower case."""
        found = await self._send(list[_Disposition], "GET", "/calling/v1/dispositions")
        return {each.label.lower(): each.id for each in found if not each.deleted}

    async def _send(self, into: type[T], method: str, path: str, body: Mapping[str, Any] | None = None) -> T:
        """Send a request; return the response, decoded as ``into``."""
        content = None if body is None else msgspec.json.encode(body)
        headers = {} if body is None else {"Content-Type": "application/json"}
        received = b""
        try:
            async with (
                asyncio.timeout(TOTAL_SECONDS),
                self._client.stream(method, path, content=content, headers=headers) as response,
            ):
                async for chunk in response.aiter_raw():
                    received += chunk
                    if len(received) > MAX_ANSWER_BYTES:
                        raise HubSpotUnreachable
            _raise_for_status(response, received)
            return msgspec.json.decode(received or b"{}", type=into)
        except (TimeoutError, httpx.HTTPError, OSError, msgspec.DecodeError) as error:
            # Also for a response that is not as documented, such as a proxy's page.
            raise HubSpotUnreachable from error


def _raise_for_status(response: httpx.Response, received: bytes) -> None:
    """Raises: HubSpotUnreachable, HubSpotRefused."""
    status = response.status_code
    if response.is_success:
        return
    if status in _TRANSIENT or status >= HTTPStatus.INTERNAL_SERVER_ERROR or status < HTTPStatus.BAD_REQUEST:
        wait = response.headers.get("retry-after", "").strip()
        raise HubSpotUnreachable(int(wait) if wait.isdigit() and len(wait) < 8 else None)
    scopes = _SCOPE.findall(received.decode(errors="replace")) if status == HTTPStatus.FORBIDDEN else ()
    try:
        category = msgspec.json.decode(received, type=_Error).category
    except msgspec.DecodeError:
        category = ""
    raise HubSpotRefused(status, _plain(category), tuple(dict.fromkeys(scopes)))


def _plain(category: str) -> str:
    """HubSpot's category of an error, if it is a word in capitals; no other text of its responses is stored."""
    return category if _CATEGORY.fullmatch(category) else "no reason given"
