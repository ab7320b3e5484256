"""Text that PostgreSQL cannot store in each path, query, header, form and JSON value of every route: never a 500.

Each value gets a fifth of the texts and shapes, and each route a fifth of the queries. ``make route-walk`` sends all of
them to all. ``pytest -s`` prints the counts.
"""

import json
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any
from urllib.parse import urlencode

import pytest
from litestar import Litestar

from conftest import PUBLIC_URL
from kit.db.database import Database
from kit.settings import Settings
from support.factories import Factory
from support.html_parser import FoundForm, ParsedPage
from support.raw_requests import HeaderLines, RawRequest, RawResponse, send_raw
from support.routes import PARAMETER, QUERY_NAMES, ValueRotation, fill, make_actors, routes_of

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.slow,
    pytest.mark.reported_fault("NUL in a path", threads="MemMachine#203"),
]

ESCAPED = (b"%00", b"a%00b", b"%ED%A0%80", b"%FF")
"""NUL, a lone surrogate and a byte that is no UTF-8, as in addresses and forms."""
RAW = b"a\xff\xed\xa0\x80\x00"
"""The same in a header."""
HEADERS = (b"user-agent", b"referer", b"accept-language", b"if-none-match", b"x-request-id", b"traceparent")
SESSIONS = (b"sid", b"csrftoken", b"epoch_staff")
COOKIES = (b"organization", b"notice", b"codes", b"signup", b"issued", b"passkey", b"staff_notice", b"staff_codes")
REFERENCE = re.compile(r'"\$ref": "#/components/schemas/(\w+)"')
JSON_TEXTS = ("\\u0000", "a\\u0000b", "\\ud800")
JSON_SHAPES = ("HOSTILE", ["HOSTILE"], {"HOSTILE": "HOSTILE"})
"""Values with ``HOSTILE`` in the place of a text."""


class Sender:
    """Sends raw requests, and collects the answers of the server's own failure."""

    def __init__(self, app: Litestar) -> None:
        self._app = app
        self.statuses: Counter[int] = Counter()
        self.faults: list[str] = []
        self.rotation = ValueRotation()

    async def send(self, what: str, request: RawRequest) -> RawResponse:
        answer = await send_raw(self._app, request)
        self.statuses[answer.status] += 1
        if answer.status >= 500:
            self.faults.append(f"{request.method} {request.path.decode()}: {answer.status} with {what}")
        return answer


async def test_no_route_fails_at_text_that_cannot_be_stored(
    own_app: Litestar, own_settings: Settings, rows: Database
) -> None:
    actors, values = await make_actors(own_app, rows, Factory(rows, own_settings))
    sender = Sender(own_app)
    document = json.loads((await send_raw(own_app, RawRequest("GET", b"/schema/openapi.json"))).body)
    forms: dict[tuple[str, frozenset[str]], tuple[FoundForm, HeaderLines]] = {}
    # First what changes nothing, so that every page has its rows.
    for method, template in sorted(routes_of(own_app), key=lambda route: route[0] != "GET"):
        actor = actors.of(method, template)
        path = fill(template, values)
        for parameter, hostile in hostile_paths(template, values):
            answer = await sender.send(f"{hostile!r} in {parameter}", RawRequest(method, hostile, headers=actor))
            # A change is refused for its missing form before its path is read; nothing is found in either case.
            if method == "GET" and answer.status not in (303, 400, 404):
                sender.faults.append(f"GET {hostile.decode()}: {answer.status}, not 404")
        for name, headers in hostile_headers(actor):
            await sender.send(f"{name!r}", RawRequest(method, path, headers=headers))
        if method == "GET":
            sender.rotation.next()
            for query in sender.rotation.part_of(QUERY_NAMES):
                await sender.send(query, RawRequest("GET", path, f"{query}=a%00b".encode(), actor))
            page = await sender.send("nothing", RawRequest("GET", path, headers=actor))
            for form in forms_in(page, path):
                sent_by = actors.of(form.method.upper(), form.action)
                forms.setdefault((form.action, frozenset(form.fields)), (form, sent_by))
        for body in hostile_bodies(document, method, template, sender.rotation):
            headers = [*actor, (b"content-type", b"application/json")]
            await sender.send(f"{body!r}", RawRequest(method, path, headers=headers, body=body))
    for form, actor in forms.values():
        await send_form(sender, form, actor)

    counts = f"{len(forms)} forms, {sum(sender.statuses.values())} requests; {dict(sorted(sender.statuses.items()))}\n"
    sys.stdout.write(counts)
    assert sender.faults == []
    # Otherwise nobody was signed in.
    assert len(forms) > 40
    assert sender.statuses[200] > 1000


def hostile_paths(template: str, values: Mapping[str, str]) -> Iterator[tuple[str, bytes]]:
    """The path with one parameter hostile and the others right, for each parameter and text."""
    for name in [found[1] for found in PARAMETER.finditer(template)]:
        for text in ESCAPED:
            yield name, fill(template, {**values, name: text.decode()})


def hostile_headers(actor: HeaderLines) -> Iterator[tuple[bytes, HeaderLines]]:
    """All harmless headers and cookies at once; hostile sessions; a program's hostile key."""
    without = [line for line in actor if line[0] != b"cookie"]
    cookies = [value for name, value in actor if name == b"cookie"]
    headers = [*without, *((name, RAW) for name in HEADERS)]
    for text in (RAW, b"a%00"):
        hostile = [name + b"=" + text for name in COOKIES]
        yield b"headers", [*headers, (b"cookie", b"; ".join([*cookies, *hostile]))]
    yield b"cookie", [*without, (b"cookie", b"; ".join(name + b"=" + RAW for name in SESSIONS))]
    yield b"authorization", [*without, (b"authorization", b"Bearer epk_" + RAW)]


def hostile_bodies(document: Mapping[str, Any], method: str, template: str, rotation: ValueRotation) -> Iterator[bytes]:
    """JSON bodies of the operation with one hostile text, for each field its turn's texts and shapes."""
    operation = document["paths"].get(PARAMETER.sub(r"{\1}", template), {}).get(method.lower(), {})
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if body is None:
        return
    is_list = "items" in body["schema"]
    # Also of a list's items, and of a body that may be null.
    found = REFERENCE.search(json.dumps(body["schema"]))
    assert found is not None
    schema = document["components"]["schemas"][found[1]]
    example = {} if is_list else body.get("example", {})
    right = {name: value for name, value in example.items() if name in schema["properties"]}
    for name in schema["properties"]:
        rotation.next()
        for text, shape in rotation.part_of([*product(JSON_TEXTS, JSON_SHAPES)]):
            sent = {**right, name: shape}
            yield json.dumps([sent] if is_list else sent).replace("HOSTILE", text).encode()


def forms_in(page: RawResponse, path: bytes) -> Iterator[FoundForm]:
    """The forms of a page that go to our own addresses."""
    if not page.headers.get("content-type", "").startswith("text/html"):
        return
    for form in ParsedPage(page.body.decode()).forms:
        form.action = (form.action or path.decode()).removeprefix(PUBLIC_URL)
        if form.action.startswith("/"):
            yield form


async def send_form(sender: Sender, form: FoundForm, actor: HeaderLines) -> None:
    """Send the form with one hostile value, for each field its turn's texts."""
    path, _, query = form.action.partition("?")
    for name in sorted(form.fields.keys() - {"csrf_token"}):
        sender.rotation.next()
        for text in sender.rotation.part_of(ESCAPED):
            fields = urlencode({key: value for key, value in form.fields.items() if key != name}).encode()
            content = b"&".join(filter(None, (fields, name.encode() + b"=" + text)))
            what = f"{text!r} in {name}"
            if form.method.lower() == "get":
                await sender.send(what, RawRequest("GET", path.encode(), content, actor))
            else:
                headers = [*actor, (b"content-type", b"application/x-www-form-urlencoded")]
                await sender.send(what, RawRequest("POST", path.encode(), query.encode(), headers, content))
