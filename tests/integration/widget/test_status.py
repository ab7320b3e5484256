"""``/widget/status``: the status of a call for the widget, at once or after a wait for its end."""

import asyncio
import datetime as dt
from collections.abc import Iterator
from uuid import UUID, uuid4

import httpx
import pytest

from support.callback_client import CallbackClient, new_sid
from support.factories import Factory
from support.widget_client import post_token
from widget import status

pytestmark = pytest.mark.anyio
NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)


async def test_a_final_status_is_returned_at_once(
    client: httpx.AsyncClient, callbacks: CallbackClient, make: Factory
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    sid, call_id = new_sid(), uuid4()
    await callbacks.outgoing(token.id, sid, CallId=str(call_id))
    await callbacks.event(sid, "busy", NOON, child=new_sid(), sequence=2)
    answer = await post_token(client, token.raw, path="/widget/status", call_id=str(call_id))
    assert answer.json() == {
        "call": {
            "status": "busy",
            "number": "+12125550147",
            "from": tenant.number,
            "duration": 0,
            "end_reason": "busy",
            "message": None,
            "help": None,
            "details": None,
        }
    }


@pytest.mark.reported_fault("told = dialled", threads="zod#5563, libphonenumber-js#185")
@pytest.mark.parametrize(
    ("dialled", "country", "number"),
    [
        ("+44 020 7946 0958", "GB", "+442079460958"),
        ("0044 (0)20 7946 0958", "GB", "+442079460958"),
        ("\u2066(212) 555\u20110101\u2069", "US", "+12125550101"),
        ("hello", "US", None),
    ],
)
async def test_the_dialled_number_is_returned_at_once(
    client: httpx.AsyncClient,
    callbacks: CallbackClient,
    make: Factory,
    monkeypatch: pytest.MonkeyPatch,
    dialled: str,
    country: str,
    number: str | None,
) -> None:
    monkeypatch.setattr(status, "_POLL_DELAYS_SECONDS", (3_600,))
    token = await make.token(await make.tenant(country=country))
    call_id = uuid4()
    await callbacks.outgoing(token.id, new_sid(), to=dialled, CallId=str(call_id))
    answer = await post_token(client, token.raw, path="/widget/status", call_id=str(call_id), wait=False)
    assert answer.json()["call"]["number"] == number


async def test_the_answer_waits_for_the_end(
    client: httpx.AsyncClient, callbacks: CallbackClient, make: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status, "_POLL_DELAYS_SECONDS", (0.1,) * 200)
    monkeypatch.setattr(status, "_MAX_LOOKUPS_OF_UNKNOWN_CALL", 200)
    token = await make.token(await make.tenant())
    sid, call_id = new_sid(), uuid4()
    asking = asyncio.create_task(post_token(client, token.raw, path="/widget/status", call_id=str(call_id)))
    await asyncio.sleep(0.1)
    await callbacks.outgoing(token.id, sid, CallId=str(call_id))
    await callbacks.event(sid, "completed", NOON, child=new_sid(), sequence=3, CallDuration="7")
    call = (await asking).json()["call"]
    assert (call["status"], call["duration"], call["end_reason"], call["message"]) == ("completed", 7, None, None)


async def test_a_call_that_has_not_ended_is_returned_as_it_is(
    client: httpx.AsyncClient, callbacks: CallbackClient, make: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status, "_POLL_DELAYS_SECONDS", (0.01,))
    token = await make.token(await make.tenant())
    sid, call_id = new_sid(), uuid4()
    await callbacks.outgoing(token.id, sid, CallId=str(call_id))
    await callbacks.event(sid, "ringing", NOON, child=new_sid(), sequence=1)
    answer = await post_token(client, token.raw, path="/widget/status", call_id=str(call_id).upper())
    assert answer.json()["call"]["status"] == "ringing"


async def test_a_call_is_returned_to_its_own_token_only(
    client: httpx.AsyncClient, callbacks: CallbackClient, make: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status, "_POLL_DELAYS_SECONDS", (0.01,))
    tenant = await make.tenant()
    token, sister, stranger = await make.token(tenant), await make.token(tenant), await make.token(await make.tenant())
    sid, call_id = new_sid(), uuid4()
    await callbacks.outgoing(token.id, sid, to="911", CallId=str(call_id))
    mine, hers, theirs, unknown = await asyncio.gather(
        *(
            post_token(client, raw, path="/widget/status", call_id=str(requested))
            for raw, requested in (
                (token.raw, call_id),
                (sister.raw, call_id),
                (stranger.raw, call_id),
                (token.raw, UUID(int=1)),
            )
        )
    )
    assert mine.json()["call"]["message"] == "Emergency numbers cannot be called"
    assert hers.content == theirs.content == unknown.content == b'{"call":null}'


async def test_an_unknown_call_is_waited_for_half_as_long(
    client: httpx.AsyncClient, make: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lookups are counted, because their times depend on the machine."""
    delays: list[float] = []

    class Delays(tuple[float, ...]):
        def __iter__(self) -> Iterator[float]:
            for delay in super().__iter__():
                delays.append(delay)
                yield delay

    monkeypatch.setattr(status, "_POLL_DELAYS_SECONDS", Delays(status._POLL_DELAYS_SECONDS))
    token = await make.token(await make.tenant())
    answer = await post_token(client, token.raw, path="/widget/status", call_id=str(uuid4()))
    assert answer.json() == {"call": None}
    assert sum(delays[:-1]) == pytest.approx(1)


@pytest.mark.parametrize("call_id", ["", "x", "0", "CA" + "a" * 32, "\0", "💥"])
async def test_an_invalid_call_id_belongs_to_no_call(client: httpx.AsyncClient, make: Factory, call_id: str) -> None:
    token = await make.token(await make.tenant())
    answer = await post_token(client, token.raw, path="/widget/status", call_id=call_id)
    assert (answer.status_code, answer.json()) == (200, {"call": None})
