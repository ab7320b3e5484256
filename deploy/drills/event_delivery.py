"""Drill: workers are killed during many calls; no event of a call may be missing in the log or at the webhook."""

import asyncio
import contextlib
import itertools
import secrets
import time
from collections import Counter, defaultdict
from collections.abc import Mapping

from calls.limits.limit_names import DEFAULT_LIMITS, FIXED_LIMITS, NEW_ORGANIZATION_DAYS
from drills.installation import NODES, Installation
from drills.load import WEBHOOK, Load, failures, load_of, summary
from drills.report import Report
from support.webhook_receiver import WebhookReceiver

CALLS = 10_000
CALLS_AT_ONCE = 12
SECONDS_BETWEEN_KILLS = 10.0
"""A worker that dies often is started again later and later, and no node would answer most of the time."""
SECONDS_AFTER_REFUSAL = 0.25
"""The pause before a new call after one that no node accepted: all calls would fail while both nodes start workers."""
DELIVERY_SECONDS = 120.0
STARTED, ENDED = "call.started", "call.ended"
EVENT_TYPES = (STARTED, "call.answered", ENDED)
_RAISE_LIMITS = """
INSERT INTO limit_override (id, organization_id, name, value, ends_at, reason, set_by)
SELECT gen_random_uuid(), $1, name, $3, now() + interval '1 day', 'Drill', 'drill' FROM unnest($2::text[]) name
"""
_EVENTS = """
SELECT id::text, sequence, type, subject_id, body FROM organization_event
WHERE organization_id = $1 AND sequence > $2 ORDER BY sequence
"""
_LAST = "SELECT coalesce(max(sequence), 0) FROM organization_event WHERE organization_id = $1"
_WAITING = """
SELECT (SELECT count(*) FROM event_outbox WHERE organization = $1)
     + (SELECT count(*) FROM webhook_delivery WHERE organization_id = $1 AND state = 'pending')
"""


async def workers_killed(site: Installation, report: Report, *, calls: int = CALLS) -> None:
    """Kill workers of nodes and of jobs by SIGKILL at random moments of many calls; check all events and deliveries."""
    await site.start_jobs("jobs2")
    receiver = WebhookReceiver()
    async with receiver.serving(), load_of(site.url, site.settings) as load:
        await _raise_limits(site, load)
        await _left_after(site, load, DELIVERY_SECONDS)
        first = int(await site.database.fetch_value(_LAST, load.organization_id))
        await load.add_webhook(receiver.url, EVENT_TYPES)
        kills: Counter[str] = Counter()
        killing = asyncio.create_task(_kill_workers(site, kills))
        began = time.monotonic()
        try:
            await _place_calls(load, calls)
        finally:
            killing.cancel()
            await asyncio.wait({killing})
        over = time.monotonic()
        report.note(f"{len(load.done.calls)} calls were taken in {over - began:.0f} s, {CALLS_AT_ONCE} at once")
        report.note("killed: " + ", ".join(f"{count} workers of {name}" for name, count in sorted(kills.items())))
        report.note(summary([answer for answer in load.answers if answer.kind == WEBHOOK]))
        report.note(f"carrier callbacks that failed: {len(failures(load.answers, WEBHOOK))}")
        left = await _left_after(site, load, DELIVERY_SECONDS)
        report.check(f"nothing waits {DELIVERY_SECONDS:.0f} s after the last call", left == 0, left)
        report.note(f"the last delivery came {time.monotonic() - over:.1f} s after the last call")
        await _check_events(site, load, receiver, report, first)
    await asyncio.to_thread(site.running["jobs2"].stop)


async def _raise_limits(site: Installation, load: Load) -> None:
    """Give the organization limits that this many calls do not reach, as staff do with overrides."""
    names = [*(set(DEFAULT_LIMITS) - FIXED_LIMITS)]
    async with site.database.superuser() as connection:
        await connection.execute(_RAISE_LIMITS, load.organization_id, names, 1_000_000_000)
        await connection.execute(_RAISE_LIMITS, load.organization_id, [NEW_ORGANIZATION_DAYS], 0)


async def _place_calls(load: Load, calls: int) -> None:
    """Place calls until ``calls`` of them were admitted."""
    numbers = itertools.count()

    async def one_after_another() -> None:
        while len(load.done.calls) < calls:
            if not await load.place_call(next(numbers)):
                await asyncio.sleep(SECONDS_AFTER_REFUSAL)

    await asyncio.gather(*(one_after_another() for _ in range(CALLS_AT_ONCE)))


async def _kill_workers(site: Installation, kills: Counter[str]) -> None:
    while True:
        await asyncio.sleep(SECONDS_BETWEEN_KILLS)
        name = secrets.choice([*NODES, "jobs1", "jobs2"])
        if site.running[name].kill_one_worker():
            kills[name] += 1


async def _left_after(site: Installation, load: Load, seconds: float) -> int:
    """The number of events and deliveries that wait: 0 as soon as none does, else those after ``seconds``."""
    left = -1
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while left != 0:
                left = int(await site.database.fetch_value(_WAITING, load.organization_id))
                await asyncio.sleep(0.2)
    return left


async def _check_events(site: Installation, load: Load, receiver: WebhookReceiver, report: Report, after: int) -> None:
    """Compare the events with a number above ``after`` with the acknowledged calls and the received requests."""
    async with site.database.superuser() as connection:
        events = await connection.fetch(_EVENTS, load.organization_id, after)
        calls = await connection.fetch("SELECT carrier_sid, id FROM call WHERE carrier_sid = ANY ($1)", load.done.calls)
    numbers = [event["sequence"] for event in events]
    report.check("the numbers of the events have no gap", numbers == list(range(after + 1, after + 1 + len(numbers))))
    call_ids = {row["carrier_sid"]: row["id"] for row in calls}
    found = Counter((event["subject_id"], event["type"]) for event in events)
    for event_type, sids in ((STARTED, load.done.calls), (ENDED, load.done.ends)):
        counts = Counter(found[call_ids.get(sid), event_type] for sid in sids)
        report.check(f"each of {len(sids)} acknowledged calls has one {event_type}", set(counts) == {1}, dict(counts))
    wanted = {event["id"]: event["body"].encode() for event in events if event["type"] in EVENT_TYPES}
    bodies: Mapping[str, set[bytes]] = defaultdict(set)
    for request in receiver.received:
        bodies[request.headers["webhook-id"]].add(request.body)
    missing = wanted.keys() - bodies.keys()
    report.check(f"each of {len(wanted)} events arrived", bool(wanted) and not missing, f"{len(missing)} did not")
    strange = bodies.keys() - wanted.keys()
    report.check("nothing arrived under another id", not strange, len(strange))
    changed = [event_id for event_id, body in wanted.items() if bodies[event_id] - {body}]
    report.check("an event that arrived again had the same id and body", not changed, len(changed))
    report.note(f"requests that the receiver got again: {len(receiver.received) - len(bodies)}")
