"""A page with the phone: its events, state, panel, audio and records."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import httpx
from playwright.async_api import ConsoleMessage, Locator, Page, Request, WebSocket

from support.browser.product import ECHO, Customer, Product

Found = TypeVar("Found")
Event = dict[str, Any]

WATCH = Path(__file__).with_name("watch.js")
FINAL_STATES = ("completed", "failed", "error")
PATIENCE = 20.0
POLL_SECONDS = 0.05
AUDIO_PACKETS = 110
"""Packets of 20 ms: a little more than two seconds of audio."""
_CALL = """([number, options]) => {
    const { events } = window[Symbol.for("epoch.watch")];
    const before = events.length;
    const begun = EpochPhone.call(number, options ?? undefined);
    return { begun, events: events.slice(before) };
}"""


class Begun(NamedTuple):
    """What ``EpochPhone.call`` returned, and the events that came before it did."""

    begun: bool
    events: list[Event]

    @property
    def call_id(self) -> str:
        """The id told by ``callStarted``."""
        call_id: str = next(event["detail"]["callId"] for event in self.events if event["name"] == "callStarted")
        return call_id


class Audio(NamedTuple):
    """Packets and energy each way, seen from both ends; the far end's ``in`` is what the browser sent."""

    browser: dict[str, float]
    far_end: dict[str, float]


class Phone:
    """``page`` runs the phone of ``product``, with a token of ``customer`` where the test has made one."""

    def __init__(self, page: Page, product: Product, customer: Customer | None) -> None:
        self.page = page
        self.product = product
        self.customer = customer
        self.console: list[str] = []
        self.requests: list[str] = []
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.console.append(f"uncaught: {error}"))
        page.on("request", self._asked)
        page.on("websocket", self._connected)

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.console.append(f"{message.type}: {message.text}")

    def _asked(self, request: Request) -> None:
        self.requests.append(request.url)

    def _connected(self, socket: WebSocket) -> None:
        self.requests.append(socket.url)

    @property
    def panel(self) -> Locator:
        """Everything the widget draws; locators look into its shadow root."""
        return self.page.locator("epoch-phone")

    async def until(self, what: str, probe: Callable[[], Awaitable[Found | None]], within: float = PATIENCE) -> Found:
        """What ``probe`` finds once it finds something. Fails after ``within`` seconds, with what the page told."""
        try:
            async with asyncio.timeout(within):
                while True:
                    if found := await probe():
                        return found
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError:
            told = [(event["name"], event["detail"]) for event in await self.events()]
            raise AssertionError(
                f"not within {within:.0f} s: {what}\nevents: {told}\nconsole: {self.console}"
            ) from None

    async def events(self, *names: str) -> list[Event]:
        """What the phone told so far: name, detail, the state at that moment."""
        told: list[Event] = await self.page.evaluate('() => window[Symbol.for("epoch.watch")].events')
        return [event for event in told if not names or event["name"] in names]

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
        """The detail of the ``count``-th event called ``name``."""

        async def probe() -> list[Any] | None:
            details = await self.details(name)
            return details if len(details) >= count else None

        return (await self.until(f"event {name} no. {count}", probe, within))[count - 1]

    async def call(self, number: str, options: dict[str, Any] | None = None) -> Begun:
        """Call ``number`` and return what happened in the same tick."""
        answer = await self.page.evaluate(_CALL, [number, options])
        return Begun(answer["begun"], answer["events"])

    async def hangup(self) -> None:
        await self.page.evaluate("() => EpochPhone.hangup()")

    async def tracks(self) -> int:
        """Microphone tracks that the page ever had."""
        count: int = await self.page.evaluate('() => window[Symbol.for("epoch.watch")].tracks()')
        return count

    async def live_tracks(self) -> int:
        """Microphone tracks that still record."""
        count: int = await self.page.evaluate('() => window[Symbol.for("epoch.watch")].liveTracks()')
        return count

    async def far_end(self, call_id: str) -> dict[str, Any]:
        """The call as the carrier sees it."""
        async with httpx.AsyncClient() as client:
            calls = (await client.get(f"{self.product.carrier}/sandbox/calls")).json()
        found: dict[str, Any] = next(call for call in calls if call["params"].get("CallId") == call_id)
        return found

    async def until_digits(self, call_id: str, digits: str) -> None:
        """Until the far end heard as many digits as ``digits`` has, which must be these."""
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

    async def hear(self, call_id: str, *, within: float = PATIENCE) -> tuple[Audio, Audio]:
        """Audio before and after two seconds of packets each way."""
        before = await self.audio(call_id)

        async def probe() -> Audio | None:
            after = await self.audio(call_id)
            flows = (
                after.browser["received"] - before.browser["received"],
                after.browser["sent"] - before.browser["sent"],
                after.far_end["packets_in"] - before.far_end["packets_in"],
                after.far_end["packets_out"] - before.far_end["packets_out"],
            )
            return after if min(flows) >= AUDIO_PACKETS else None

        return before, await self.until("two seconds of audio packets both ways", probe, within)

    async def records(self) -> Sequence[dict[str, Any]]:
        """The customer's calls by the JSON API, newest first."""
        assert self.customer is not None
        return await self.customer.calls()

    async def record(self, call_id: str) -> dict[str, Any]:
        """The record of a call once it is closed."""

        async def probe() -> dict[str, Any] | None:
            return next((row for row in await self.records() if row["call_id"] == call_id and row["ended_at"]), None)

        return await self.until("a closed call record", probe)

    async def assert_agrees(self, call_id: str, number: str, status: str) -> dict[str, Any]:
        """One ``callStarted``, one ``callEnded`` and one record, which tell the same of the call. The record."""
        ended = await self.until_event("callEnded")
        record = await self.record(call_id)
        started = await self.details("callStarted")
        assert [detail["callId"] for detail in started] == [call_id]
        assert [detail["callId"] for detail in await self.details("callEnded")] == [call_id]
        assert [record["call_id"] for record in await self.records()] == [call_id]
        assert (ended["number"], ended["status"]) == (number, status)
        assert (record["to"], record["status"]) == (number, status)
        assert abs(ended["duration"] - record["duration"]) <= 1
        return record


async def assert_whole_call(phone: Phone) -> None:
    """A call with sound both ways, ended by the user, after which the browser has nothing to complain of."""
    await phone.until_event("ready")
    begun = await phone.call(ECHO)
    await phone.until_event("callAnswered")
    before, after = await phone.hear(begun.call_id)
    assert after.browser["heard"] > before.browser["heard"]
    await phone.panel.get_by_role("button", name="Hang up").click()
    await phone.assert_agrees(begun.call_id, ECHO, "completed")
    assert phone.console == []
