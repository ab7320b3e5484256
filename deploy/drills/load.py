"""The load of a drill: sends exchanges, calls and changes by the API at steady rates, and records every answer."""

import asyncio
import base64
import contextlib
import json
import re
import secrets
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Any, NamedTuple
from uuid import UUID

import httpx

from carrier.access_token import BACKDATED_SECONDS
from epoch.cli.seed import DEMO_OWNER_EMAIL, DEMO_PASSWORD
from kit.settings import Settings
from support.api_helpers import with_csrf
from support.callback_client import CallbackClient, new_sid

PAGE = "https://crm.example.com"
TIMEOUT_SECONDS = 30.0
EXCHANGES_PER_SECOND = 12.0
CALLS_PER_SECOND = 1.5
CHANGES_PER_SECOND = 1.5
FILES_PER_SECOND = 1.0
WEBHOOK, EXCHANGE, CHANGE, FILE = "webhook", "exchange", "change", "file"


class Answer(NamedTuple):
    """One request of the load."""

    kind: str
    began_at: float
    """Monotonic seconds, like ``ended_at``."""
    ended_at: float
    status: str
    """The HTTP status, or the class of the error where no answer came."""
    ok: bool
    refusal: str = ""
    """The code, ``Retry-After`` and request id of an answer that is an error."""


class Acknowledged(NamedTuple):
    """Writes that the product said were done."""

    calls: set[str]
    """Carrier's ids of admitted calls."""
    ends: set[str]
    """Carrier's ids of calls whose end was taken."""
    tokens: set[str]
    """Ids of embed tokens that were made."""
    revoked: dict[str, str]
    """Ids of revoked tokens, with the token."""


class Load:
    """Sends requests until it is stopped. No request is repeated: what fails is counted."""

    def __init__(self, client: httpx.AsyncClient, settings: Settings) -> None:
        self._client = client
        self._callbacks = CallbackClient(client, settings)
        self.answers: list[Answer] = []
        self.part: str | None = None
        """A part of the phone that pages ask for, by its path; see ``find_part``."""
        self.done = Acknowledged(set(), set(), set(), {})
        self._tokens: list[tuple[str, str]] = []
        """Id and token of those that are not revoked."""
        self._organization = ""
        self._key: Mapping[str, str] = {}
        self._session: Mapping[str, str] = {}
        """Headers of the owner's browser."""

    async def prepare(self) -> None:
        """Sign in as the demo's owner, make an API key and the tokens of ten pages."""
        await with_csrf(self._client)
        signed_in = await self._client.post("/api/session", json={"email": DEMO_OWNER_EMAIL, "password": DEMO_PASSWORD})
        signed_in.raise_for_status()
        organizations = (await self._client.get("/api/organizations")).raise_for_status().json()
        self._organization = next(found["id"] for found in organizations["items"] if found["slug"] == "acme")
        made = await self._client.post(self._path("api-keys"), json={"label": "Drill", "scope": "write"})
        self._key = {"authorization": f"Bearer {made.raise_for_status().json()['key']}"}
        # The rest of the requests come from programs and the carrier, which have no cookies.
        self._session = {"cookie": "; ".join(f"{name}={value}" for name, value in self._client.cookies.items())}
        self._client.cookies.clear()
        for _ in range(10):
            await self.make_token()
        self._stable = tuple(self._tokens)
        self._tokens.clear()
        self.answers.clear()

    @property
    def organization_id(self) -> UUID:
        """The organization that all requests are about."""
        return UUID(self._organization)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["Load"]:
        """Send the load inside the block, and let requests that were sent finish at its end."""
        stop = asyncio.Event()
        senders = [
            asyncio.create_task(self._send_each(1 / rate, one, stop))
            for rate, one in (
                (EXCHANGES_PER_SECOND, self._exchange),
                (CALLS_PER_SECOND, self.place_call),
                (CHANGES_PER_SECOND, self._change),
                (FILES_PER_SECOND, self._fetch_part),
            )
        ]
        try:
            yield self
        finally:
            stop.set()
            await asyncio.gather(*senders)

    async def _send_each(
        self, seconds: float, one: Callable[[int], Coroutine[Any, Any, object]], stop: asyncio.Event
    ) -> None:
        """Begin one every ``seconds``, whether or not the ones before were answered."""
        async with asyncio.TaskGroup() as tasks:
            for number in count():
                if stop.is_set():
                    return
                tasks.create_task(one(number))
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), seconds)

    async def _exchange(self, number: int) -> None:
        _, token = self._stable[number % len(self._stable)]
        address = f"10.1.{number // 200 % 200}.{number % 200}"
        await self._request(EXCHANGE, lambda: self.exchange(token, address))

    async def exchange(self, token: str, address: str = "10.2.0.1") -> httpx.Response:
        """The answer to one exchange of ``token`` by a page at ``address``."""
        headers = {"origin": PAGE, "x-forwarded-for": address, "content-type": "text/plain"}
        return await self._client.post("/widget/exchange", content=f'{{"token":"{token}"}}', headers=headers)

    async def lateness_of_access_token(self, node: str) -> float:
        """The seconds by which an access token that ``node`` signs begins later than it does with a right clock."""
        _, token = self._stable[0]
        headers = {"origin": PAGE, "x-forwarded-for": "10.4.0.1", "content-type": "text/plain"}
        answer = await self._client.post(f"{node}/widget/exchange", content=f'{{"token":"{token}"}}', headers=headers)
        claims = answer.raise_for_status().json()["access_token"].split(".")[1]
        begins = json.loads(base64.urlsafe_b64decode(claims + "=="))["nbf"]
        return float(begins) + BACKDATED_SECONDS - time.time()

    async def place_call(self, number: int) -> bool:
        """One whole call: its request, and the carrier's events until its end. False when the call was not taken."""
        token_id, _ = self._stable[number % len(self._stable)]
        sid, child = new_sid(), new_sid()
        to = f"+121255501{number % 100:02}"
        answer = await self._request(
            WEBHOOK, lambda: self._callbacks.outgoing(UUID(token_id), sid, to=to), lambda text: "<Dial" in text
        )
        if answer is None or "<Dial" not in answer.text:
            return False
        self.done.calls.add(sid)
        for sequence, status in enumerate(("ringing", "in-progress", "completed")):
            more = {"CallDuration": "1"} if status == "completed" else {}

            def send(status: str = status, sequence: int = sequence, more: Mapping[str, str] = more) -> Any:
                return self._callbacks.event(sid, status, datetime.now(UTC), child=child, sequence=sequence, **more)

            reported = await self._request(WEBHOOK, send)
            if status == "completed" and reported is not None and reported.is_success:
                self.done.ends.add(sid)
        return True

    async def _change(self, number: int) -> None:
        """Make a token, or revoke one that was made."""
        if number % 2 == 0 or not self._tokens:
            await self.make_token()
            return
        token_id, token = self._tokens.pop(0)
        path = self._path(f"embed-tokens/{token_id}")
        answer = await self._request(CHANGE, lambda: self._client.delete(path, headers=self._key))
        if answer is not None and answer.is_success:
            self.done.revoked[token_id] = token

    async def make_token(self) -> None:
        """Make an embed token by the API."""
        body = {"label": f"Drill {secrets.token_hex(4)}", "allowed_domains": []}
        path = self._path("embed-tokens")
        answer = await self._request(CHANGE, lambda: self._client.post(path, json=body, headers=self._key))
        if answer is not None and answer.is_success:
            made = answer.json()
            self.done.tokens.add(made["id"])
            self._tokens.append((made["id"], made["token"]))

    async def add_webhook(self, url: str, events: Sequence[str]) -> None:
        """Let ``events`` of the organization be sent to ``url``."""
        body = {"url": url, "events": list(events)}
        made = await self._client.post(self._path("webhooks"), json=body, headers=self._session)
        made.raise_for_status()

    async def find_part(self) -> str:
        """Load phone.js as a page does, and note the path of the panel that it names."""
        script = (await self._client.get("/widget/phone.js")).raise_for_status().text
        found = re.search(r'panel:"(\w+)"', script)
        if found is None:
            raise ValueError("phone.js names no panel")
        self.part = f"/widget/panel-{found[1]}.js"
        return self.part

    async def _fetch_part(self, _: int) -> None:
        if (part := self.part) is not None:
            await self._request(FILE, lambda: self._client.get(part))

    async def invite(self, name: str, number: int) -> int:
        """Invite ``number`` people, whose addresses begin with ``name``; return how many invitations were taken."""
        path = self._path("invitations")
        taken = 0
        for one in range(number):
            body = {"email": f"{name}-{one}@example.com", "role": "member"}
            answer = await self._client.post(path, json=body, headers=self._session)
            answer.raise_for_status()
            taken += 1
        return taken

    def forget(self, token_id: str) -> None:
        """Take back that a token was made, as a restore does."""
        self.done.tokens.discard(token_id)
        self._tokens = [one for one in self._tokens if one[0] != token_id]

    def _path(self, rest: str) -> str:
        return f"/api/organizations/{self._organization}/{rest}"

    async def _request(
        self,
        kind: str,
        send: Callable[[], Coroutine[Any, Any, httpx.Response]],
        accepts: Callable[[str], bool] | None = None,
    ) -> httpx.Response | None:
        began_at, answer, refusal = time.monotonic(), None, ""
        try:
            answer = await send()
            status, ok = str(answer.status_code), answer.is_success and (accepts is None or accepts(answer.text))
            if answer.is_success and not ok:
                status += " refused"
            if not answer.is_success:
                refusal = _refusal(answer)
        except httpx.HTTPError as error:
            status, ok = type(error).__name__, False
        self.answers.append(Answer(kind, began_at, time.monotonic(), status, ok, refusal))
        return answer


@contextlib.asynccontextmanager
async def load_of(url: str, settings: Settings) -> AsyncIterator[Load]:
    """A prepared load for the installation at ``url``."""
    # A connection for each request in flight, and none that the balancer closed meanwhile.
    limits = httpx.Limits(max_connections=200, max_keepalive_connections=0)
    async with httpx.AsyncClient(base_url=url, timeout=TIMEOUT_SECONDS, limits=limits, trust_env=False) as client:
        load = Load(client, settings)
        await load.prepare()
        yield load


def summary(answers: Sequence[Answer]) -> str:
    """Answers by kind, with those that failed by status."""
    parts = []
    for kind in (EXCHANGE, WEBHOOK, CHANGE, FILE):
        found = [answer for answer in answers if answer.kind == kind]
        failed = Counter(answer.status for answer in found if not answer.ok)
        parts.append(
            f"{len(found)} {kind}s" + (f" ({', '.join(f'{n} x {s}' for s, n in failed.items())})" if failed else "")
        )
    return ", ".join(parts)


def _refusal(answer: httpx.Response) -> str:
    try:
        code = answer.json()["code"]
    except (ValueError, TypeError, KeyError):
        code = answer.text[:80]
    retry_after, request_id = answer.headers.get("retry-after"), answer.headers.get("x-request-id")
    return f"{code}, Retry-After {retry_after}, request {request_id}"


def refusals(answers: Sequence[Answer]) -> Sequence[str]:
    """A line for each answer that is an error: its time since the first request, and what it said."""
    first = min((answer.began_at for answer in answers), default=0.0)
    return [
        f"{answer.kind} {answer.status} after {answer.ended_at - answer.began_at:.2f} s, begun at"
        f" {answer.began_at - first:.1f} s: {answer.refusal}"
        for answer in answers
        if answer.refusal
    ]


def failures(answers: Sequence[Answer], *kinds: str) -> list[Answer]:
    """The answers of these kinds that failed, or of all."""
    return [answer for answer in answers if not answer.ok and (not kinds or answer.kind in kinds)]


def slowest(answers: Sequence[Answer]) -> float:
    """The longest time of one request, in seconds."""
    return max((answer.ended_at - answer.began_at for answer in answers), default=0.0)


def recovery(answers: Sequence[Answer], kind: str, since: float) -> float | None:
    """Seconds from ``since`` to the first success of ``kind`` after its last failure; None when none failed."""
    failed = [
        answer.began_at for answer in answers if answer.kind == kind and not answer.ok and answer.ended_at > since
    ]
    if not failed:
        return None
    good = [
        answer.ended_at for answer in answers if answer.kind == kind and answer.ok and answer.began_at > max(failed)
    ]
    return min(good) - since if good else float("inf")
