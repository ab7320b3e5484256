"""Ids in answers and in log lines: of requests, of calls in carrier callbacks, and of jobs."""

import re
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
import sqlalchemy as sa
from structlog.contextvars import bound_contextvars, clear_contextvars, merge_contextvars
from structlog.testing import capture_logs

from calls.models import Call
from kit.clock import utc_now
from kit.db.database import Database
from kit.jobs.models import QueuedJob
from kit.jobs.queue import Job, JobHandler, JobQueue
from kit.secret_keys import SecretKeys
from support.callback_client import CallbackClient, new_sid
from support.factories import Token
from support.widget_client import post_token

pytestmark = pytest.mark.anyio
ID = re.compile(r"[0-9a-f]{32}")
SECRET = SecretKeys("s" * 32)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/health/live"),
        ("HEAD", "/health/live"),
        ("GET", "/nothing"),
        ("GET", "/api/organizations"),
        ("GET", "/dashboard"),
        ("GET", "/admin"),
        ("GET", "/widget/phone.js"),
        ("OPTIONS", "/widget/exchange"),
        ("POST", "/widget/exchange"),
        ("GET", "/widget/exchange"),
        ("POST", "/voice/status"),
    ],
)
async def test_every_answer_has_one_id_and_keeps_that_of_a_proxy(
    client: httpx.AsyncClient, method: str, path: str
) -> None:
    made = await client.request(method, path)
    assert [bool(ID.fullmatch(found)) for found in made.headers.get_list("x-request-id")] == [True]
    given = str(uuid4())
    kept = await client.request(method, path, headers={"x-request-id": given})
    assert kept.headers.get_list("x-request-id") == [given]


async def test_an_exchange_has_its_id(client: httpx.AsyncClient, token: Token) -> None:
    answers = [await post_token(client, token.raw) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert len({answer.headers["x-request-id"] for answer in answers}) == 2


async def test_log_lines_of_a_callback_have_the_ids_of_request_and_call(
    callbacks: CallbackClient, token: Token, database: Database
) -> None:
    sid = new_sid()
    with capture_logs(processors=[merge_contextvars]) as lines:
        answer = await callbacks.outgoing(token.id, sid, to="911")
    [line] = [line for line in lines if line["event"] == "call_rejected"]
    async with database.sessions() as session:
        call_id = await session.scalar(sa.select(Call.id).where(Call.carrier_sid == sid))
    assert call_id is not None
    assert line["request_id"] == answer.headers["x-request-id"]
    assert (line["call_sid"], line["call_id"]) == (sid, str(call_id))


async def test_log_lines_of_a_call_event_have_the_ids_of_request_and_call(callbacks: CallbackClient) -> None:
    sid = new_sid()
    with capture_logs(processors=[merge_contextvars]) as lines:
        answer = await callbacks.event(sid, "ringing", utc_now())
    [line] = [line for line in lines if line["event"] == "event_of_unknown_call"]
    assert (line["request_id"], line["call_sid"]) == (answer.headers["x-request-id"], sid)


async def test_a_refused_signature_has_the_id_of_its_request(client: httpx.AsyncClient) -> None:
    # Requests of tests run in one task, as no request of a server does.
    clear_contextvars()
    with capture_logs(processors=[merge_contextvars]) as lines:
        answer = await client.post("/voice/status", data={"CallSid": new_sid()})
    [line] = [line for line in lines if line["event"] == "carrier_callback_rejected"]
    assert line["request_id"] == answer.headers["x-request-id"]
    assert "call_sid" not in line


async def test_log_lines_of_a_job_have_its_id_and_that_of_the_request_that_enqueued_it(jobs: Database) -> None:
    async def fail(_: Job) -> None:
        raise ConnectionError

    queue = JobQueue(jobs, SECRET)
    queue.add_handler(
        JobHandler(kind="traced", handle=fail, timeout_seconds=30, retry_seconds=(0,), give_up_after=timedelta(days=1))
    )
    request_id = uuid4().hex
    async with jobs.sessions() as session, session.begin():
        with bound_contextvars(request_id=request_id):
            await queue.enqueue(session, "traced", b"payload")
    with capture_logs(processors=[merge_contextvars]) as lines:
        await queue.run_due()
    async with jobs.sessions() as session:
        job = (await session.scalars(sa.select(QueuedJob).where(QueuedJob.kind == "traced"))).one()
    attempts = [line for line in lines if line["event"] == "job_retry_scheduled"]
    assert len(attempts) > 0
    # The second attempt too: the note of the first failure keeps the id.
    assert {(line["job_id"], line["job_kind"], line["request_id"]) for line in attempts} == {
        (job.id, "traced", request_id)
    }
    assert job.failure == "ConnectionError"
