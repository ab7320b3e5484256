"""Stands in for HubSpot: a server with the parts of its API that the product uses, as its documentation describes."""

import asyncio
import itertools
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec

from support.loopback_server import serving_on_loopback

Reply = tuple[int, Any] | tuple[int, Any, dict[str, str]]
READ, WRITE = "crm.objects.contacts.read", "crm.objects.contacts.write"


class HubSpotRequest(NamedTuple):
    """A request that the stand-in received."""

    method: str
    path: str
    token: str
    body: Any


@dataclass
class StoredCall:
    """A call that is stored in HubSpot."""

    properties: dict[str, str]
    records: set[str] = field(default_factory=set)
    """The associated records, such as ``contacts/4711``."""


def error(category: str, **more: Any) -> dict[str, Any]:
    return {"status": "error", "message": f"about +12125550199: {category}", "category": category, **more}


def missing_scopes(*scopes: str) -> Reply:
    return 403, error("MISSING_SCOPES", errors=[{"context": {"requiredGranularScopes": list(scopes)}}])


class HubSpotStandIn:
    """One HubSpot account. If ``interfere`` returns a reply to a request, it is sent, and the request has no effect."""

    def __init__(self) -> None:
        self.port = 0
        self.reset()

    def reset(self) -> None:
        """Return to an account without calls."""
        self.token = "pat-eu1-stand-in"
        self.portal_id = 2519445
        self.scopes = {READ, WRITE}
        self.properties: dict[str, dict[str, Any]] = {"hs_call_title": {"groupName": "call"}}
        self.records = {"contacts/4711", "companies/815"}
        self.dispositions = [{"id": "f240bbac-87c9-4f6e-bf70-924b57d47db7", "label": "Connected"}]
        self.calls: dict[str, StoredCall] = {}
        self.asked: list[HubSpotRequest] = []
        self.interfere: Callable[[HubSpotRequest], Reply | None] = lambda _: None
        self.hangs_after = ""
        """A request to a path with this end takes effect and is never answered."""
        self.hanging = asyncio.Event()
        self._ids = itertools.count(98_000_001)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def of(self, call_id: object) -> list[tuple[str, StoredCall]]:
        """The HubSpot ids and contents of the stored calls that represent our call ``call_id``."""
        return [each for each in self.calls.items() if each[1].properties["epoch_call_id"] == str(call_id)]

    def count(self, method: str, path: str) -> int:
        """The number of requests so far to paths that match ``path``."""
        return sum(each.method == method and re.fullmatch(path, each.path) is not None for each in self.asked)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["HubSpotStandIn"]:
        async with serving_on_loopback(self._serve, self.port) as self.port:
            yield self

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer), suppress(asyncio.IncompleteReadError, ConnectionError):
            head, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            method, path, _ = head.split(" ")
            token = headers.get("authorization", "").removeprefix("Bearer ")
            asked = HubSpotRequest(method, path, token, msgspec.json.decode(body) if body else None)
            self.asked.append(asked)
            status, content, *more = self.interfere(asked) or self._answer(asked)
            if self.hangs_after and path.endswith(self.hangs_after):
                self.hanging.set()
                await reader.read()  # until the client is gone
                return
            raw = content if isinstance(content, bytes) else msgspec.json.encode(content)
            extra = "".join(f"{name}: {value}\r\n" for name, value in (more[0] if more else {}).items())
            start = f"HTTP/1.1 {status} X\r\nContent-Length: {len(raw)}\r\nConnection: close\r\n{extra}\r\n"
            writer.write(start.encode() + raw)
            await writer.drain()

    def _answer(self, asked: HubSpotRequest) -> Reply:
        if asked.token != self.token:
            return 401, error("INVALID_AUTHENTICATION")
        handlers: dict[str, Callable[..., Reply]] = {
            r"POST /oauth/v2/private-apps/get/access-token-info": self._token_info,
            r"GET /account-info/v3/details": lambda _: (200, {"portalId": self.portal_id, "accountType": "STANDARD"}),
            r"GET /crm/v3/properties/calls/(\w+)": self._property,
            r"POST /crm/v3/properties/calls": self._create_property,
            r"GET /calling/v1/dispositions": lambda _: (200, self.dispositions),
            r"POST /crm/v3/objects/calls/batch/upsert": self._upsert,
            r"PATCH /crm/v3/objects/calls/(\d+)": self._update,
            r"GET /crm/v3/objects/(\w+/\d+)": self._record,
            r"PUT /crm/v4/objects/calls/(\d+)/associations/default/(\w+/\d+)": self._associate,
        }
        for pattern, handle in handlers.items():
            if found := re.fullmatch(pattern, f"{asked.method} {asked.path}"):
                return handle(asked.body, *found.groups())
        return 404, error("NOT_FOUND")

    def _token_info(self, body: dict[str, Any]) -> Reply:
        assert body == {"tokenKey": self.token}
        return 200, {"userId": 1, "hubId": self.portal_id, "appId": 2, "scopes": sorted(self.scopes)}

    def _property(self, _: None, name: str) -> Reply:
        found = self.properties.get(name)
        return (404, error("OBJECT_NOT_FOUND")) if found is None else (200, {"name": name, **found})

    def _create_property(self, body: dict[str, Any]) -> Reply:
        self.properties[body["name"]] = body
        return 201, body

    def _record(self, _: None, record: str) -> Reply:
        if record not in self.records:
            return 404, error("OBJECT_NOT_FOUND")
        return 200, {"id": record.partition("/")[2], "properties": {}}

    def _upsert(self, body: dict[str, Any]) -> Reply:
        if WRITE not in self.scopes:
            return missing_scopes(WRITE)
        results = []
        for each in body["inputs"]:
            name, key = each["idProperty"], each["id"]
            if not self.properties.get(name, {}).get("hasUniqueValue"):
                return 400, error("VALIDATION_ERROR")
            known = next((found for found, call in self.calls.items() if call.properties.get(name) == key), None)
            call_id = known or str(next(self._ids))
            call = self.calls.setdefault(call_id, StoredCall({name: key}))
            call.properties |= each["properties"]
            results.append({"id": call_id, "new": known is None, "properties": call.properties})
        return 200, {"status": "COMPLETE", "results": results}

    def _update(self, body: dict[str, Any], call_id: str) -> Reply:
        if WRITE not in self.scopes:
            return missing_scopes(WRITE)
        if call_id not in self.calls:
            return 404, error("OBJECT_NOT_FOUND")
        self.calls[call_id].properties |= body["properties"]
        return 200, {"id": call_id, "properties": self.calls[call_id].properties}

    def _associate(self, _: None, call_id: str, record: str) -> Reply:
        if call_id not in self.calls or record not in self.records:
            return 404, error("OBJECT_NOT_FOUND")
        self.calls[call_id].records.add(record)
        return 200, {"status": "COMPLETE", "results": []}
