"""Metrics of requests, carrier callbacks, phones and the job queue; the tests measure their growth."""

from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from uuid import UUID

import asyncpg
import httpx
import msgspec
import pytest

from calls.callback_forms import TEST_STATUS
from epoch.app import create_app
from kit.counters import CounterBuffer
from kit.db.database import Database
from kit.jobs.queue import enqueue
from kit.settings import Settings
from support.callback_client import CallbackClient, new_sid
from support.factories import Token
from support.metrics import Growth
from support.ports import unused_port
from support.widget_client import browser_at, post_token
from widget.request_metrics import WIDGET_REQUESTS, count_widget_requests

pytestmark = pytest.mark.anyio
CALLBACKS = "epoch_carrier_webhooks_total"
SECRET = "m" * 32
NO_NUMBER = f"organization={UUID(int=1)}&number={UUID(int=2)}"
FULL_DISK = """
CREATE FUNCTION no_space() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$;
CREATE TRIGGER no_space BEFORE INSERT ON unmatched_event FOR EACH STATEMENT EXECUTE FUNCTION no_space()
"""


def callback_growth(kind: str, outcome: str) -> Growth:
    return Growth(CALLBACKS, kind=kind, outcome=outcome)


async def test_each_outcome_of_a_requested_call_is_counted(callbacks: CallbackClient, token: Token) -> None:
    admitted, refused = callback_growth("outgoing", "admitted"), callback_growth("outgoing", "refused")
    unreadable, forged = callback_growth("outgoing", "unreadable"), callback_growth("outgoing", "forged")
    await callbacks.outgoing(token.id, new_sid())
    await callbacks.outgoing(token.id, new_sid(), to="911")
    await callbacks.send("/voice/outgoing", {"CallSid": new_sid()})
    await callbacks.send("/voice/outgoing", {"CallSid": new_sid()}, {"x-twilio-signature": "x"})
    assert min(found.amount for found in (admitted, refused, unreadable, forged)) >= 1


@pytest.mark.parametrize(
    ("path", "form", "kind", "outcome"),
    [
        ("/voice/status", {"CallStatus": "ringing"}, "status", "recorded"),
        ("/voice/status", {"CallStatus": TEST_STATUS}, "status", "answered"),
        ("/voice/status", {"CallStatus": "sleeping"}, "status", "unreadable"),
        ("/voice/dial-ended", {"DialCallStatus": "completed"}, "dial_ended", "recorded"),
        ("/voice/dial-ended", {"CallSid": "CA0"}, "dial_ended", "unreadable"),
        ("/voice/unavailable", {}, "unavailable", "answered"),
        ("/voice/usage-alert", {"UsageTriggerSid": "UT0"}, "usage_alert", "recorded"),
        (f"/voice/verification?{NO_NUMBER}", {"VerificationStatus": "failed"}, "verification", "recorded"),
        (f"/voice/verification?{NO_NUMBER}", {"VerificationStatus": "asleep"}, "verification", "unreadable"),
    ],
)
async def test_each_callback_is_counted(
    callbacks: CallbackClient, path: str, form: Mapping[str, str], kind: str, outcome: str
) -> None:
    growth = callback_growth(kind, outcome)
    answer = await callbacks.send(path, {"CallSid": new_sid(), **form})
    assert answer.status_code < 300
    assert growth.amount >= 1


@pytest.mark.parametrize("body", [b"x" * 70_000, b"&" * 2000])
async def test_requests_that_no_carrier_sends_do_not_count_as_failures(callbacks: CallbackClient, body: bytes) -> None:
    forged, failed = callback_growth("status", "forged"), callback_growth("status", "failed")
    assert (await callbacks.send_body("/voice/status", body, {})).status_code in (403, 413)
    assert (forged.amount, failed.amount) == (1, 0)


@pytest.fixture
async def full_disk(own_database_url: str) -> AsyncIterator[None]:
    """The server's error of a full disk for every event of an unknown call."""
    connection = await asyncpg.connect(own_database_url)
    await connection.execute(FULL_DISK)
    yield
    await connection.execute("DROP FUNCTION no_space CASCADE")
    await connection.close()


@pytest.mark.usefixtures("full_disk")
@pytest.mark.parametrize(("path", "kind", "status"), [("status", "status", 503), ("dial-ended", "dial_ended", 200)])
async def test_a_callback_that_cannot_be_recorded_counts_as_failed(
    own_settings: Settings, path: str, kind: str, status: int
) -> None:
    application, growth = create_app(own_settings), callback_growth(kind, "failed")
    async with application.lifespan(), browser_at(application, "127.0.0.1", own_settings.public_url) as client:
        callbacks = CallbackClient(client, own_settings)
        answer = await callbacks.send(f"/voice/{path}", {"CallSid": new_sid(), "CallStatus": "ringing"})
    assert (answer.status_code, growth.amount) == (status, 1)


@pytest.mark.parametrize(
    ("method", "path", "route", "status"),
    [
        ("GET", "/health/live", "health", "2xx"),
        ("GET", "/api/organizations", "api", "4xx"),
        ("POST", "/voice/status", "voice_status", "4xx"),
        ("POST", "/widget/exchange", "exchange", "4xx"),
        ("GET", "/someones/number/+14155550100", "other", "4xx"),
    ],
)
async def test_each_request_is_measured_by_its_route(
    client: httpx.AsyncClient, method: str, path: str, route: str, status: str
) -> None:
    growth = Growth("epoch_http_request_duration_seconds_count", route=route, status=status)
    await client.request(method, path)
    assert growth.amount >= 1


async def test_exchanges_are_counted_by_outcome(
    client: httpx.AsyncClient, tenant_database: Database, token: Token
) -> None:
    measures = CounterBuffer(tenant_database, publish=count_widget_requests)
    good = Growth("epoch_widget_requests_total", endpoint="exchange", outcome="ok")
    measures.add("exchange.ok")
    measures.add("exchange.ok", 2)
    measures.add("carrier.answered")
    await measures.flush()
    await measures.flush()
    assert good.amount >= 3
    assert not any(
        sample.labels["endpoint"] == "carrier" for family in WIDGET_REQUESTS.collect() for sample in family.samples
    )
    assert (await post_token(client, token.raw)).status_code == 200


async def test_exchanges_are_counted_while_the_database_does_not_answer(settings: Settings) -> None:
    away = Database(f"postgresql://epoch@127.0.0.1:{unused_port()}/epoch")
    counted: list[tuple[str, int]] = []
    measures = CounterBuffer(away, publish=lambda name, amount: counted.append((name, amount)))
    measures.add("exchange.service_unavailable", 2)
    await measures.flush()
    measures.add("exchange.service_unavailable")
    await measures.flush()
    # Each once, although the table has got none of them.
    assert counted == [("exchange.service_unavailable", 2), ("exchange.service_unavailable", 1)]
    await away.stop()


async def test_metrics_contain_the_queue_and_that_the_database_answers(own_settings: Settings, jobs: Database) -> None:
    application = create_app(msgspec.structs.replace(own_settings, metrics_token=SECRET))
    async with jobs.sessions() as session, session.begin():
        await enqueue(session, "mail", b"", after=timedelta(hours=1))
    async with application.lifespan(), browser_at(application, "203.0.113.7", own_settings.public_url) as browser:
        answer = await browser.get("/metrics", headers={"authorization": f"Bearer {SECRET}"})
    assert 'epoch_jobs_waiting{kind="mail"} 1.0' in answer.text
    assert 'epoch_jobs_waiting{kind="end_call"} 0.0' in answer.text
    assert 'epoch_jobs_oldest_due_seconds{kind="mail"}' in answer.text
    assert "epoch_database_up 1.0" in answer.text
    assert "epoch_webhook_oldest_due_seconds 0.0" in answer.text
    assert "epoch_events_oldest_waiting_seconds " in answer.text
    assert "epoch_partition_months_missing 0.0" in answer.text


async def test_metrics_are_served_while_the_database_does_not_answer(settings: Settings) -> None:
    url = f"postgresql://epoch@127.0.0.1:{unused_port()}/epoch"
    application = create_app(msgspec.structs.replace(settings, metrics_token=SECRET, database_url=url))
    async with browser_at(application, "203.0.113.7", settings.public_url) as browser:
        answer = await browser.get("/metrics", headers={"authorization": f"Bearer {SECRET}"})
    assert answer.status_code == 200
    assert "epoch_database_up 0.0" in answer.text
    assert "epoch_http_request_duration_seconds_count" in answer.text
    assert "epoch_jobs_waiting{" not in answer.text
    assert "epoch_webhook_oldest_due_seconds 0" not in answer.text
    assert "epoch_events_oldest_waiting_seconds 0" not in answer.text
    assert "epoch_partition_months_missing 0" not in answer.text
