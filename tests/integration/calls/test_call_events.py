"""The carrier's events of a call, in any order and repeated, lead to one record."""

import asyncio
import datetime as dt
import itertools
from collections.abc import Sequence
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from calls import event_recorder
from calls.call_state import LegEvent
from calls.models import (
    Call,
    CallEvent,
    CallStatus,
    UnmatchedEvent,
)
from calls.services import CallService
from epoch.cli.seed import DEMO_LIMITS
from kit.db.database import Database
from support.callback_client import CallbackClient, new_sid
from support.db_probe import row_counts
from support.factories import Factory, Token

pytestmark = pytest.mark.anyio
START = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
COLUMNS_OF_ONE_CALL = {"id", "created_at", "started_at", "carrier_sid", "identity", "version"}
"""Columns that differ between two calls with the same events."""
FINISH = b'<?xml version="1.0" encoding="UTF-8"?><Response />'


def at(seconds: float) -> dt.datetime:
    return START + dt.timedelta(seconds=seconds)


@pytest.fixture
async def token(make: Factory) -> Token:
    return await make.token(await make.tenant(limits=DEMO_LIMITS))


async def row(database: Database, sid: str) -> dict[str, Any]:
    async with database.sessions() as session:
        table = Call.__table__
        found = (await session.execute(sa.select(table).where(table.c.carrier_sid == sid))).one()
        return dict(found._mapping)


async def event_count(database: Database, sid: str) -> int:
    async with database.sessions() as session:
        query = sa.select(sa.func.count(CallEvent.id)).join(Call, Call.id == CallEvent.call_record_id)
        return await session.scalar(query.where(Call.carrier_sid == sid)) or 0


async def live_call(callbacks: CallbackClient, token: Token) -> str:
    sid = new_sid()
    assert b"<Dial " in (await callbacks.outgoing(token.id, sid)).content
    return sid


@pytest.mark.slow
async def test_every_order_and_repetition_of_a_calls_events_leaves_the_same_row(
    callbacks: CallbackClient, token: Token, database: Database
) -> None:
    events = [
        LegEvent(is_child=True, kind="ringing", sequence=1, occurred_at=at(1)),
        LegEvent(is_child=True, kind="in-progress", sequence=2, occurred_at=at(3)),
        LegEvent(is_child=True, kind="completed", sequence=3, occurred_at=at(9), duration=6, sip_code=200),
        LegEvent(is_child=False, kind="completed", sequence=0, occurred_at=at(9.2), duration=9),
        LegEvent(is_child=False, kind="dial-ended", sequence=-1, occurred_at=at(9.1)),
    ]
    patterns = itertools.cycle(itertools.product((False, True), repeat=len(events)))
    rows = set()
    for order in itertools.permutations(events):
        twice = next(patterns)
        sent = [event for event, repeated in zip(order, twice, strict=True) for _ in range(1 + repeated)]
        sid = await live_call(callbacks, token)
        await record_events(database, sid, sent)
        record = await row(database, sid)
        rows.add(str({name: value for name, value in record.items() if name not in COLUMNS_OF_ONE_CALL}))
        assert await event_count(database, sid) == len(events)
    assert len(rows) == 1
    assert (record["status"], record["duration"]) == (CallStatus.COMPLETED, 6)
    assert (record["answered_at"], record["ended_at"], record["end_reason"]) == (at(3), at(9), None)


async def record_events(database: Database, sid: str, events: Sequence[LegEvent]) -> None:
    """Record ``events`` through the service, one transaction each, as the carrier callbacks do."""
    owner = (await row(database, sid))["organization_id"]
    child = "CA" + "c" * 32
    for event in events:
        async with database.tenant_session(owner) as session:
            await CallService(session).record_event(owner, sid, child if event.is_child else sid, event)


async def test_a_call_from_dialling_to_its_end_over_the_callbacks(
    client: httpx.AsyncClient, callbacks: CallbackClient, make: Factory, database: Database, token: Token
) -> None:
    sid, child = await live_call(callbacks, token), new_sid()
    seen = []
    for number, (status, seconds) in enumerate((("initiated", 0), ("ringing", 1), ("in-progress", 3))):
        answer = await callbacks.event(sid, status, at(seconds), child=child, sequence=number)
        assert (answer.status_code, answer.content) == (204, b"")
        seen.append((await row(database, sid))["status"])
    assert seen == ["initiated", "ringing", "in-progress"]

    ended = await callbacks.event(sid, "completed", at(9), child=child, sequence=3, CallDuration="6")
    assert ended.status_code == 204
    finished = await callbacks.send("/voice/dial-ended", {"CallSid": sid, "DialCallStatus": "completed"})
    assert (finished.status_code, finished.content) == (200, FINISH)
    before = await row(database, sid)
    assert (before["status"], before["duration"], before["ended_at"]) == ("completed", 6, at(9))

    await callbacks.event(sid, "completed", at(9.2), CallDuration="9")
    for number, status in ((1, "ringing"), (2, "in-progress"), (7, "in-progress")):
        await callbacks.event(sid, status, at(20), child=child, sequence=number)
    assert await row(database, sid) == before


@pytest.mark.parametrize("status", ["busy", "no-answer", "failed", "canceled"])
async def test_an_unanswered_call_says_why(
    callbacks: CallbackClient, database: Database, token: Token, status: str
) -> None:
    sid, child = await live_call(callbacks, token), new_sid()
    await callbacks.event(sid, "ringing", at(1), child=child, sequence=1)
    await callbacks.event(sid, status, at(5), child=child, sequence=2, CallDuration="0")
    record = await row(database, sid)
    assert (record["status"], record["duration"], record["end_reason"]) == (status, 0, status)
    assert (record["answered_at"], record["ended_at"]) == (None, at(5))


@pytest.mark.parametrize(
    ("end", "status"),
    [("no-answer", "canceled"), ("canceled", "canceled"), ("failed", "failed"), ("completed", "failed")],
)
async def test_only_a_caller_who_hangs_up_before_anything_was_dialled_cancels(
    callbacks: CallbackClient, database: Database, token: Token, end: str, status: str
) -> None:
    sid = await live_call(callbacks, token)
    await callbacks.event(sid, end, at(2), CallDuration="2")
    record = await row(database, sid)
    assert (record["status"], record["duration"], record["end_reason"]) == (status, 0, status)


async def test_the_end_of_a_dial_is_kept_with_the_leg_that_it_dialled(
    callbacks: CallbackClient, database: Database, token: Token
) -> None:
    """The result of a dial closes a call whose dialled leg was never reported."""
    sid, child = await live_call(callbacks, token), new_sid()
    dial = {"CallSid": sid, "DialCallSid": child, "DialCallStatus": "busy"}
    assert (await callbacks.send("/voice/dial-ended", dial)).content == FINISH
    await callbacks.event(sid, "no-answer", at(2), CallDuration="0")
    assert (await row(database, sid))["status"] == "busy"
    async with database.sessions() as session:
        kept = await session.scalar(sa.select(CallEvent.leg_sid).where(CallEvent.leg_sid == child))
    assert kept == child


async def test_the_callers_leg_alone_does_not_close_a_dialled_call(
    callbacks: CallbackClient, database: Database, token: Token
) -> None:
    sid, child = await live_call(callbacks, token), new_sid()
    await callbacks.event(sid, "completed", at(4), CallDuration="4")
    await callbacks.event(sid, "in-progress", at(3), child=child, sequence=2)
    assert (await row(database, sid))["status"] == "in-progress"
    await callbacks.event(sid, "completed", at(4), child=child, sequence=3, CallDuration="1")
    assert (await row(database, sid))["duration"] == 1


async def test_all_events_at_once_and_twice_are_one_record(
    callbacks: CallbackClient, database: Database, token: Token
) -> None:
    sid, child = await live_call(callbacks, token), new_sid()
    steps = (("initiated", 0), ("ringing", 1), ("in-progress", 3), ("completed", 9))
    answers = await asyncio.gather(
        *(
            callbacks.event(sid, status, at(seconds), child=child, sequence=number, CallDuration="6")
            for number, (status, seconds) in enumerate(steps)
            for _ in range(2)
        )
    )
    assert {answer.status_code for answer in answers} == {204}
    assert await event_count(database, sid) == 4
    record = await row(database, sid)
    assert (record["status"], record["duration"], record["answered_at"]) == ("completed", 6, at(3))


async def test_a_refused_call_stays_refused(callbacks: CallbackClient, database: Database, token: Token) -> None:
    sid = new_sid()
    await callbacks.outgoing(token.id, sid, to="911")
    before = await row(database, sid)
    await callbacks.event(sid, "completed", at(1), CallDuration="0")
    assert await row(database, sid) == before
    assert await event_count(database, sid) == 0


async def test_events_of_unknown_calls_are_kept_once_without_an_owner(
    callbacks: CallbackClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_recorder, "_LOOKUP_RETRY_SECONDS", (0.01,))
    before = await row_counts(database)
    sid, child = new_sid(), new_sid()
    for _ in range(2):
        assert (await callbacks.event(sid, "ringing", at(1), child=child, sequence=1)).status_code == 204
    assert (await callbacks.event(sid, "completed", at(2))).status_code == 204
    assert (await callbacks.send("/voice/dial-ended", {"CallSid": sid})).status_code == 200
    after = await row_counts(database)
    assert {name: after[name] - before[name] for name in after if after[name] != before[name]} == {"unmatched_event": 3}
    async with database.sessions() as session:
        query = sa.select(UnmatchedEvent.leg_sid, UnmatchedEvent.kind).where(UnmatchedEvent.parent_sid == sid)
        kept = {tuple(row) for row in await session.execute(query)}
    assert kept == {(child, "ringing"), (sid, "completed"), (sid, "dial-ended")}


async def test_a_hang_up_reported_before_the_calls_first_row_is_written_still_ends_it(
    callbacks: CallbackClient, token: Token, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hang-up may be reported while the request that stores the call is still running."""
    monkeypatch.setattr(event_recorder, "_LOOKUP_RETRY_SECONDS", (0.1,) * 200)
    sid = new_sid()
    early = asyncio.create_task(callbacks.event(sid, "no-answer", at(1), CallDuration="0"))
    await asyncio.sleep(0)
    assert b"<Dial " in (await callbacks.outgoing(token.id, sid)).content
    assert (await early).status_code == 204
    assert (await row(database, sid))["status"] == CallStatus.CANCELED
