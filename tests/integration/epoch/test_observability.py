"""Traces and error reports: they contain ids and classes, and no text of requests or errors."""

import json
import signal
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import msgspec
import pytest
from structlog.contextvars import bound_contextvars, clear_contextvars

from carrier.twilio import TwilioCarrier
from epoch.observability import start_observability
from kit.db.database import Database
from kit.failures import FAILURES
from kit.jobs.queue import Job, JobHandler, JobQueue
from kit.secret_keys import SecretKeys
from kit.settings import Settings
from kit.tracing import TRACING
from support.callback_client import CallbackClient, new_sid
from support.epoch_run import PATIENCE_SECONDS, Run, run_environ
from support.factories import Token
from support.local_http import get_local, post_local
from support.telemetry_receiver import TelemetryReceiver, attributes_of, receiving
from support.widget_client import TEXT_TYPE, post_token

pytestmark = pytest.mark.anyio
NUMBER = "2125550147"
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
TEXTS = {"number": f"+1{NUMBER}", "secret": "hunter2hunter2"}
"""Kept apart from the functions below: reports have the source lines of frames."""


@pytest.fixture
def receiver() -> Iterator[TelemetryReceiver]:
    with receiving() as server:
        yield server


def traced(settings: Settings, receiver: TelemetryReceiver) -> Settings:
    return msgspec.structs.replace(settings, otlp_endpoint=receiver.url)


def test_nothing_is_started_unless_it_is_set(settings: Settings) -> None:
    end = start_observability(settings)
    assert TRACING.tracer is None
    assert FAILURES.on_unexpected is None
    end()


async def test_spans_of_requests_callbacks_and_requests_to_the_carrier(
    receiver: TelemetryReceiver,
    settings: Settings,
    client: httpx.AsyncClient,
    callbacks: CallbackClient,
    carrier: TwilioCarrier,
    token: Token,
) -> None:
    # Requests of tests run in one task, as no request of a server does.
    clear_contextvars()
    end = start_observability(traced(settings, receiver))
    headers = [("traceparent", f"00-{TRACE}-{PARENT}-01"), ("tracestate", f"vendor={NUMBER}")]
    exchange = await post_token(client, token.raw, headers=headers)
    sid = new_sid()
    await callbacks.outgoing(token.id, sid, to=f"+1{NUMBER}")
    await client.get(f"/api/organizations?q=%2B1{NUMBER}", headers={"authorization": f"Bearer {TEXTS['secret']}"})
    with TRACING.span("outer", "server"):
        await carrier.dialled_legs(sid)
    end()

    spans = receiver.spans()
    assert attributes_of(spans["exchange"]) == {
        "http.request.method": "POST",
        "http.response.status_code": 200,
        "epoch.request_id": exchange.headers["x-request-id"],
    }
    assert (spans["exchange"].trace_id.hex(), spans["exchange"].parent_span_id.hex()) == (TRACE, PARENT)
    assert spans["exchange"].trace_state == ""
    call = attributes_of(spans["voice_outgoing"])
    assert call["epoch.call_sid"] == sid
    assert len(str(call["epoch.call_id"])) == 36
    assert attributes_of(spans["carrier calls"])["http.response.status_code"] == 200
    assert spans["carrier calls"].parent_span_id == spans["outer"].span_id
    everything = receiver.everything()
    assert [text for text in (NUMBER, token.raw, TEXTS["secret"], "mysite.com") if text in everything] == []
    assert TRACING.tracer is None


async def test_spans_of_jobs_name_the_error_without_its_text(
    receiver: TelemetryReceiver, settings: Settings, jobs: Database
) -> None:
    async def fail(job: Job) -> None:
        raise RuntimeError(job.payload.decode())

    end = start_observability(traced(settings, receiver))
    queue = JobQueue(jobs, SecretKeys("s" * 32))
    handler = JobHandler(
        kind="traced_job", handle=fail, timeout_seconds=30, retry_seconds=(3600,), give_up_after=timedelta(days=1)
    )
    queue.add_handler(handler)
    request_id = uuid4().hex
    async with jobs.sessions() as session, session.begin():
        with bound_contextvars(request_id=request_id):
            await queue.enqueue(session, "traced_job", json.dumps(TEXTS).encode())
    await queue.run_due()
    end()
    span = attributes_of(receiver.spans()["job traced_job"])
    assert (span["epoch.job_kind"], span["epoch.request_id"]) == ("traced_job", request_id)
    assert span["epoch.job_outcome"] == "RetryRequested"
    assert [text for text in TEXTS.values() if text in receiver.everything()] == []


async def test_a_report_has_classes_frames_and_ids_and_no_text(receiver: TelemetryReceiver, settings: Settings) -> None:
    def fail() -> None:
        number, secret = TEXTS["number"], TEXTS["secret"]
        try:
            raise KeyError(secret)
        except KeyError as error:
            raise ValueError(f"{number} {secret}") from error

    FAILURES.reset()
    clear_contextvars()
    end = start_observability(msgspec.structs.replace(settings, sentry_dsn=receiver.dsn))
    with bound_contextvars(request_id="r" * 32):
        try:
            fail()
        except ValueError as error:
            FAILURES.report(error, where=f"/reset-password/{TEXTS['secret']}")
        FAILURES.report(ConnectionRefusedError(), where="/")
    end()
    reports = [line for _, body in receiver.bodies for line in body.decode().splitlines() if '"exception"' in line]
    [report] = [json.loads(line) for line in reports]
    assert [found["type"] for found in report["exception"]["values"]] == ["KeyError", "ValueError"]
    assert report["exception"]["values"][1]["stacktrace"]["frames"][-1]["function"] == "fail"
    assert report["tags"] == {"epoch.request_id": "r" * 32}
    assert report["release"].startswith("epoch-voice@")
    assert [text for text in TEXTS.values() if text in receiver.everything()] == []
    assert FAILURES.on_unexpected is None


@pytest.mark.slow
def test_a_served_product_sends_its_spans_before_it_ends(
    receiver: TelemetryReceiver, own_database_url: str, open_folder: Path
) -> None:
    environ = run_environ(
        own_database_url, open_folder / "data", EPOCH_DRAIN_SECONDS="0", OTEL_EXPORTER_OTLP_ENDPOINT=receiver.url
    )
    run = Run(environ)
    try:
        run.until("Ctrl-C")
        answer = get_local(f"{run.url}/health/live", timeout=PATIENCE_SECONDS)
        # Its answer is sent in one step, past the application's ``send``.
        token = (open_folder / "data" / "demo-token").read_text().strip()
        headers = {"origin": run.url, "content-type": TEXT_TYPE}
        exchange = post_local(
            f"{run.url}/widget/exchange", json={"token": token}, headers=headers, timeout=PATIENCE_SECONDS
        )
    finally:
        run.end(signal.SIGTERM)
    span = attributes_of(receiver.spans()["health"])
    assert span["epoch.request_id"] == answer.headers["x-request-id"]
    assert exchange.status_code == 200
    [exchange_id] = exchange.headers.get_list("x-request-id")
    assert attributes_of(receiver.spans()["exchange"]) == {
        "http.request.method": "POST",
        "http.response.status_code": 200,
        "epoch.request_id": exchange_id,
    }
    assert token not in receiver.everything()
