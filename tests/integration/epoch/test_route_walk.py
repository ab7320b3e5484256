"""Every route with bad queries, headers, paths and bodies: a documented answer, and nothing lost.

Each route gets a fifth of the bad values, another fifth than the route before it. ``make route-walk`` sends all of them
to all. ``pytest -s`` prints the counts.
"""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest
from litestar import Litestar
from structlog.contextvars import bound_contextvars, merge_contextvars
from structlog.testing import capture_logs

from kit.db.connections import share_connections
from kit.db.database import Database
from kit.settings import Settings
from support.connections import ConnectionWatch
from support.factories import Factory
from support.raw_requests import HeaderLines, RawRequest, RawResponse, send_raw
from support.routes import PARAMETER, QUERY_NAMES, Actors, ValueRotation, fill, make_actors, routes_of

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
BAD_VALUES = (
    b"0",
    b"-1",
    b"1000000000",
    b"99999999999999999999999999",
    b"text",
    b"",
    b"%00",
    b"%ED%A0%80",
    b"%FF%FE",
    b"%",
    b"x" * 5000,
    b"019c0000-0000-7000-8000-00000000000",
    b"2026-13-45",
    b"0001-01-01T00:00:00%2B14:00",
    b"1e400",
    b"AAAAAAAAAAAAAAAAAAAAAA",
    b"%27%3B--",
    b"NaN",
)
BAD_HEADERS: tuple[HeaderLines, ...] = (
    [(b"accept", b"application/xml;q=banana,,*")],
    [(b"accept", b"\xff\xfe")],
    [(b"accept-encoding", b"gzip;q=-1,br;q=x")],
    [(b"accept-language", b"x" * 3000)],
    [(b"content-type", b"multipart/form-data")],
    [(b"content-type", b"application/json; charset=utf-99")],
    [(b"content-type", b"\xe4")],
    [(b"content-length", b"-5")],
    [(b"content-length", b"abc")],
    [(b"content-length", b"99999999999999999999")],
    [(b"range", b"bytes=9-1,-,5-")],
    [(b"if-none-match", b'W/"\xff", *,')],
    [(b"if-modified-since", b"yesterday")],
    [(b"authorization", b"Bearer")],
    [(b"authorization", b"Bearer epk_\xff\x00")],
    [(b"authorization", b"Basic !!!!")],
    [(b"cookie", b"sid=\xff; epoch_staff=%00; ;=;csrftoken")],
    [(b"cookie", b"sid=" + b"x" * 5000)],
    [(b"origin", b"null"), (b"origin", b"http://\xff")],
    [(b"host", b"evil.example:99999")],
    [(b"x-forwarded-for", b"not an address, 1.2.3.4.5"), (b"x-forwarded-proto", b"gopher")],
    [(b"hx-request", b"true"), (b"hx-current-url", b"javascript:1")],
    [(b"user-agent", b"\xf0\x9f\x98\x80" * 500)],
)
BAD_SUFFIXES = (
    b"/",
    b"//",
    b"/..",
    b"/%2e%2e/%2e%2e/etc/passwd",
    b"%00",
    b"%ff",
    b"%ed%a0%80",
    b"/" + b"x" * 5000,
    b";x=1",
    b"%",
)
BAD_SEGMENTS = (b"%00", b"%ff", b"..", b"x" * 3000, b"0", b"00000000-0000-0000-0000-000000000000", b"%2f", b"'")
JSON, FORM, TEXT = b"application/json", b"application/x-www-form-urlencoded", b"text/plain"
BAD_BODIES: tuple[tuple[bytes, bytes], ...] = (
    (JSON, b"{"),
    (JSON, b""),
    (JSON, b"null"),
    (JSON, b"[]"),
    (JSON, b'"x"'),
    (JSON, b"7"),
    (JSON, b"{}"),
    (JSON, b"[" * 5000 + b"]" * 5000),
    (JSON, b'{"label": 1e999}'),
    (JSON, b'{"label": "\xff"}'),
    (JSON, b'{"label": "\\ud800", "name": "\\u0000", "email": "\\ud800@x"}'),
    (JSON, b'{"unknown": {"a": [1, 2]}, "name": {}, "months": 99999999999999999999, "countries": [1], "role": []}'),
    (JSON, b'{"label": "' + b"x" * 70_000 + b'"}'),
    (FORM, b"name=%00&email=%00&label=%00"),
    (FORM, b"name=%ED%A0%80&number=%ff"),
    (FORM, b"a=1&" * 300),
    (FORM, b"name=1&name=2"),
    (FORM, b"name=" + b"x" * 70_000),
    (FORM, b"%"),
    (TEXT, b"token=ept_x"),
    (TEXT, b'{"token": 7}'),
    (TEXT, b'{"token": "\xff"}'),
    (b"multipart/form-data; boundary=x", b"--x\r\nbroken"),
    (b"multipart/form-data", b"--x"),
    (b"application/x-msgpack", b"\xc1"),
)
CUT_BODIES = ((JSON, b""), (JSON, b'{"label": '), (FORM, b"name="), (TEXT, b'{"token": '))
"""Bodies that a client did not finish before it left: no fault of ours, and no line in the log."""

OTHER_METHODS = {
    *(f"/widget/{name}" for name in ("exchange", "missed-calls", "outcome", "recent", "status")),
    *(f"/widget/{name}" for name in ("voicemail-drop", "voicemail-greetings", "phone.js")),
}
"""Paths that answer GET and POST themselves, one of them by 405."""
ANSWER_SECONDS = 20
COMMON_STATUSES = frozenset({401, 404, 405, 413, 415, 429, 503})
"""Statuses that any path of the API may answer without stating them: before a route is found, or for any caller."""
SECURITY_HEADERS = {"x-content-type-options", "content-security-policy", "referrer-policy"}


class Walk:
    """Sends requests and collects what is wrong with the answers."""

    def __init__(self, app: Litestar, watch: ConnectionWatch, document: Mapping[str, Any]) -> None:
        """``document`` is the application's OpenAPI document."""
        self._app = app
        self._watch = watch
        self._document = document
        self._documented: frozenset[int] | None = None
        """The statuses of the route that is walked; None for a route that is not in the document."""
        self._rotation = ValueRotation()
        self.cases = 0
        self.statuses: Counter[int] = Counter()
        self.lost_connections = 0
        self.faults: list[str] = []

    async def ask(self, what: str, request: RawRequest, *, max_lines: int = 1) -> RawResponse:
        """Send a request; note a fault of the server, log lines beyond ``max_lines`` and an undocumented answer.

        Raises: TimeoutError, when no answer comes.
        """
        self.cases += 1
        about = f"{request.method} {request.path[:90].decode()} [{what[:60]}]"
        # Other lines are of jobs, also of another application in this process.
        with bound_contextvars(case=self.cases), capture_logs([merge_contextvars]) as all_logged:
            async with asyncio.timeout(ANSWER_SECONDS):
                answer = await send_raw(self._app, request)
        logged = [line for line in all_logged if line.get("case") == self.cases]
        self.statuses[answer.status] += 1
        if answer.status >= 500:
            self.faults.append(f"{about}: {answer.status} {[str(line)[:300] for line in logged]}")
        elif self._documented is not None and answer.status not in self._documented and request.method != "OPTIONS":
            self.faults.append(f"{about}: {answer.status} is not documented, {sorted(self._documented)} are")
        if missing := SECURITY_HEADERS - answer.headers.keys():
            self.faults.append(f"{about}: {answer.status} without {missing}")
        if len(logged) > max_lines:
            self.faults.append(f"{about}: log lines {[line['event'] for line in logged]}")
        return answer

    async def walk_route(self, method: str, template: str, path: bytes, actor: HeaderLines, actors: Actors) -> None:
        """Send every kind of bad request to a route, each with its turn's values, then check its connections."""
        before = await self._watch.backends()
        operation = self._document["paths"].get(PARAMETER.sub(r"{\1}", template), {}).get(method.lower())
        statuses = None if operation is None else {int(status) for status in operation["responses"]}
        self._documented = None if statuses is None else COMMON_STATUSES | statuses
        if method == "GET":
            await self._bad_queries(path, actor)
            for suffix in self._rotation.part_of(BAD_SUFFIXES):
                await self.ask(f"suffix {suffix!r}", RawRequest(method, path + suffix, headers=actor))
        else:
            for kind, body in self._rotation.part_of(BAD_BODIES):
                headers = [*actor, (b"content-type", kind)]
                await self.ask(f"body {body!r}", RawRequest(method, path, headers=headers, body=body))
            # A callback without a signature is logged, whole or cut.
            max_lines = 1 if template.startswith("/voice/") else 0
            for kind, body in CUT_BODIES:
                headers = [*actor, (b"content-type", kind), (b"content-length", b"900")]
                cut = RawRequest(method, path, headers=headers, body=body, is_cut=True)
                await self.ask(f"cut after {body!r}", cut, max_lines=max_lines)
        for bad in self._rotation.part_of(BAD_HEADERS):
            replaced = {name for name, _ in bad}
            headers = [*(line for line in actor if line[0] not in replaced), *bad]
            await self.ask(f"headers {bad!r}", RawRequest(method, path, headers=headers))
        if PARAMETER.search(template):
            for segment in self._rotation.part_of(BAD_SEGMENTS):
                bad_path = PARAMETER.sub(segment.decode(), template).encode()
                await self.ask(f"segments {segment!r}", RawRequest(method, bad_path, headers=actor))
        options = await self.ask("options", RawRequest("OPTIONS", path, headers=actor))
        allowed = options.headers.get("allow", "").split(", ")
        is_described = method in allowed and ("GET" not in allowed or "HEAD" in allowed)
        if options.status not in (200, 204) or not (is_described or template in OTHER_METHODS):
            self.faults.append(f"OPTIONS {template}: {options.status} {options.headers}, not {method}")
        for stranger in ([], actors.other, actors.key):
            await self.ask("stranger", RawRequest(method, path, headers=stranger))
        await self._watch.wait_until_idle()
        lost = before.items() - (await self._watch.backends()).items()
        self.lost_connections += len(lost)
        self._rotation.next()

    async def _bad_queries(self, path: bytes, actor: HeaderLines) -> None:
        names = [name.encode() for name in QUERY_NAMES]
        for value in self._rotation.part_of(BAD_VALUES):
            query = b"&".join(name + b"=" + value for name in names)
            await self.ask(f"all={value!r}", RawRequest("GET", path, query, actor))
        # Alone, because a refused parameter hides what the others would do.
        for index, name in self._rotation.part_of([*enumerate(names)]):
            value = BAD_VALUES[(index + self.cases) % len(BAD_VALUES)]
            await self.ask(f"{name!r}={value!r}", RawRequest("GET", path, name + b"=" + value, actor))
        twice = b"&".join(name + b"=a&" + name + b"=b" for name in names)
        await self.ask("each twice", RawRequest("GET", path, twice, actor))


async def test_no_route_fails_hangs_or_loses_a_connection(
    own_app: Litestar, own_settings: Settings, own_database_url: str, rows: Database
) -> None:
    actors, values = await make_actors(own_app, rows, Factory(rows, own_settings))
    watch = await ConnectionWatch.open(own_app, own_database_url)
    document = json.loads((await send_raw(own_app, RawRequest("GET", b"/schema/openapi.json"))).body)
    walk = Walk(own_app, watch, document)
    routes = routes_of(own_app)
    for method, template in routes:
        await walk.walk_route(method, template, fill(template, values), actors.of(method, template), actors)
    await watch.close()

    sys.stdout.write(
        f"{len(routes)} routes, {walk.cases} cases, {sum(walk.statuses[s] for s in walk.statuses if s >= 500)} x 5xx, "
        f"{walk.lost_connections} connections lost; {dict(sorted(walk.statuses.items()))}\n"
    )
    assert walk.faults == []
    # The pool of the guards closes connections that it did not use for five minutes.
    assert walk.lost_connections <= share_connections(own_settings.database_connections).guards
    # Otherwise the actors were not signed in.
    assert walk.statuses[200] > walk.cases / 5
