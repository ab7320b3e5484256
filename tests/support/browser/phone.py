"""Page object for a page with the phone: its events, state, panel, audio, and the records of its calls."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from playwright.async_api import ConsoleMessage, Error, Locator, Page, Request, WebSocket

from support.browser.product import ECHO, Customer, Product
from support.local_http import local_client

Found = TypeVar("Found")
Event = dict[str, Any]

WATCH = Path(__file__).with_name("watch.js")
FINAL_STATES = ("completed", "failed", "error")
PATIENCE = 30.0
POLL_SECONDS = 0.05
AUDIO_PACKETS = 75
"""Packets of 20 ms: 1.5 s of audio, in which the fake microphone beeps at least once."""
_CALL = """([number, options]) => {
    const { events } = window[Symbol.for("epoch.watch")];
    const before = events.length;
    const begun = EpochPhone.call(number, options ?? undefined);
    return { begun, events: events.slice(before) };
}"""


class CallAttempt(NamedTuple):
    """The result of ``EpochPhone.call``, and the events that were emitted before it returned."""

    is_started: bool
    events: list[Event]

    @property
    def call_id(self) -> str:
        """The id in ``callStarted``."""
        call_id: str = next(event["detail"]["callId"] for event in self.events if event["name"] == "callStarted")
        return call_id


class Audio(NamedTuple):
    """Audio packets and energy in both directions, at both ends; the far end's ``in`` is what the browser sent."""

    browser: dict[str, float]
    far_end: dict[str, float]


class Phone:
    """The phone of ``product`` in ``page``, with a token of ``customer`` if there is one."""

    def __init__(self, page: Page, product: Product, customer: Customer | None) -> None:
        self.page = page
        self.product = product
        self.customer = customer
        self.console: list[str] = []
        self.requests: list[str] = []
        page.on("console", self._record_message)
        page.on("pageerror", self._record_error)
        page.on("request", self._record_request)
        page.on("websocket", self._record_socket)

    def _record_message(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.console.append(f"{message.type}: {message.text}")

    def _record_error(self, error: Error) -> None:
        # Firefox loads the page's icon under the page's policy, and reports a blocked icon as an error.
        if "/favicon.ico" not in error.message:
            self.console.append(f"uncaught: {error}")

    def _record_request(self, request: Request) -> None:
        self.requests.append(request.url)

    def _record_socket(self, socket: WebSocket) -> None:
        self.requests.append(socket.url)

    @property
    def panel(self) -> Locator:
        """The widget's element; locators search in its shadow root."""
        return self.page.locator("epoch-phone")

    async def until(self, what: str, probe: Callable[[], Awaitable[Found | None]], within: float = PATIENCE) -> Found:
        """Wait for a result of ``probe`` and return it. Fails after ``within`` seconds and shows the page's events."""
        try:
            async with asyncio.timeout(within):
                while True:
                    if found := await probe():
                        return found
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError:
            events = [(event["name"], event["detail"]) for event in await self.events()]
            raise AssertionError(
                f"not within {within:.0f} s: {what}\nevents: {events}\nconsole: {self.console}"
            ) from None

    async def events(self, *names: str) -> list[Event]:
        """The phone's events so far: name, detail, and the state of the phone at the event."""
        events: list[Event] = await self.page.evaluate('() => window[Symbol.for("epoch.watch")].events')
        return [event for event in events if not names or event["name"] in names]

    async def details(self, name: str) -> list[Any]:
        return [event["detail"] for event in await self.events(name)]

    async def states(self) -> list[str]:
        return [detail["state"] for detail in await self.details("stateChanged")]

    async def state(self) -> str:
        state: str = await self.page.evaluate("() => EpochPhone.getState()")
        return state

    async def until_state(self, *states: str, within: float = PATIENCE) -> str:
        async def probe() -> str | None:
            state = await self.state()
            return state if state in states else None

        return await self.until(f"state {' or '.join(states)}", probe, within)

    async def until_event(self, name: str, count: int = 1, within: float = PATIENCE) -> Any:
        """Wait for the ``count``-th event ``name`` and return its detail."""

        async def probe() -> list[Any] | None:
            details = await self.details(name)
            return details if len(details) >= count else None

        return (await self.until(f"event {name} no. {count}", probe, within))[count - 1]

    async def call(self, number: str, options: dict[str, Any] | None = None) -> CallAttempt:
        """Call ``number``; return the result and the events that were emitted before ``call`` returned."""
        result = await self.page.evaluate(_CALL, [number, options])
        return CallAttempt(result["begun"], result["events"])

    async def hangup(self) -> None:
        await self.page.evaluate("() => EpochPhone.hangup()")

    async def tracks(self) -> int:
        """The number of microphone tracks that the page has opened."""
        count: int = await self.page.evaluate('() => window[Symbol.for("epoch.watch")].tracks()')
        return count

    async def live_tracks(self) -> int:
        """The number of microphone tracks that are still recording."""
        count: int = await self.page.evaluate('() => window[Symbol.for("epoch.watch")].liveTracks()')
        return count

    async def far_end(self, call_id: str) -> dict[str, Any]:
        """The call's state at the sandbox carrier."""
        async with local_client(self.product.carrier) as client:
            calls: list[dict[str, Any]] = (await client.get("/sandbox/calls", params={"call_id": call_id})).json()
        return calls[0]

    async def hang_up_at_far_end(self, call_id: str) -> None:
        """End the call at the far end, by the carrier's REST API."""
        account = self.product.settings.twilio
        sid = (await self.far_end(call_id))["child_sid"]
        path = f"/2010-04-01/Accounts/{account.account_sid}/Calls/{sid}.json"
        credentials = (account.account_sid, account.auth_token)
        async with local_client(self.product.carrier, auth=credentials) as client:
            response = await client.post(path, data={"Status": "completed"})
        assert response.status_code == 200, response.text

    async def until_digits(self, call_id: str, digits: str) -> None:
        """Wait until the far end received as many digits as ``digits``; assert that they are equal."""
        heard: list[str] = []

        async def probe() -> bool:
            heard.append(str((await self.far_end(call_id))["dtmf"]))
            return len(heard[-1]) >= len(digits)

        try:
            await self.until("all digits at the far end", probe)
        finally:
            assert heard[-1:] == [digits]

    async def audio(self, call_id: str) -> Audio:
        browser = await self.page.evaluate('() => window[Symbol.for("epoch.watch")].audio()')
        return Audio(browser, await self.far_end(call_id))

    async def hear(
        self, call_id: str, *, packets: int = AUDIO_PACKETS, within: float = PATIENCE
    ) -> tuple[Audio, Audio]:
        """Return the audio counts before and after ``packets`` in both directions."""
        before = await self.audio(call_id)

        async def probe() -> Audio | None:
            after = await self.audio(call_id)
            flows = (
                after.browser["received"] - before.browser["received"],
                after.browser["sent"] - before.browser["sent"],
                after.far_end["packets_in"] - before.far_end["packets_in"],
                after.far_end["packets_out"] - before.far_end["packets_out"],
            )
            return after if min(flows) >= packets else None

        return before, await self.until(f"{packets} audio packets both ways", probe, within)

    async def records(self) -> Sequence[dict[str, Any]]:
        """The customer's calls by the JSON API, newest first."""
        assert self.customer is not None
        return await self.customer.calls()

    async def record(self, call_id: str) -> dict[str, Any]:
        """Wait for the call's closed record and return it."""

        async def probe() -> dict[str, Any] | None:
            return next((row for row in await self.records() if row["call_id"] == call_id and row["ended_at"]), None)

        return await self.until("a closed call record", probe)

    async def assert_agrees(self, call_id: str, number: str, status: str) -> dict[str, Any]:
        """Assert that one ``callStarted``, one ``callEnded`` and one record agree about the call; return the record."""
        ended = await self.until_event("callEnded")
        record = await self.record(call_id)
        started = await self.details("callStarted")
        assert [detail["callId"] for detail in started] == [call_id]
        assert [detail["callId"] for detail in await self.details("callEnded")] == [call_id]
        assert [record["call_id"] for record in await self.records()] == [call_id]
        assert (ended["number"], ended["status"]) == (number, status)
        assert (record["to"], record["status"]) == (number, status)
        assert record["duration"] == (await self.far_end(call_id))["duration"]
        assert ended["duration"] >= await self._seconds_connected(call_id) - 1
        return record

    async def _seconds_connected(self, call_id: str) -> float:
        """The seconds between ``callAnswered`` and ``callEnded`` in this page; 0 without an answer."""
        events = await self.events("callAnswered", "callEnded")
        times = {event["name"]: event["at"] for event in events if event["detail"]["callId"] == call_id}
        return float(times["callEnded"] - times.get("callAnswered", times["callEnded"])) / 1000


async def assert_whole_call(phone: Phone) -> None:
    """Make a call with audio in both directions, hang up, and assert that the browser logged no error."""
    await phone.until_event("ready")
    begun = await phone.call(ECHO)
    await phone.until_event("callAnswered")
    before, after = await phone.hear(begun.call_id)
    assert after.browser["heard"] > before.browser["heard"]
    await phone.panel.get_by_role("button", name="Hang up").click()
    await phone.assert_agrees(begun.call_id, ECHO, "completed")
    assert phone.console == []
