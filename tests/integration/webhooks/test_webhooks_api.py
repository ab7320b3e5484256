"""``…/webhooks``: endpoints, signatures, retries, the log of deliveries and sending again, with a real receiver."""

import datetime as dt
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import sqlalchemy as sa
from standardwebhooks import Webhook, WebhookVerificationError

from events.models import OrganizationEvent
from kit.clock import utc_now
from kit.db.database import Database
from kit.settings import Settings
from support.api_helpers import assert_refused, fields_refused, with_csrf
from support.callback_client import CallbackClient, new_sid
from support.factories import Factory, Tenant, Token
from support.mailbox import Mailbox
from support.waiting import wait_until
from support.webhook_receiver import OK, Received, WebhookReceiver, answer
from webhooks.models import WebhookDelivery, WebhookEndpoint

pytestmark = pytest.mark.anyio


@pytest.fixture
async def api(owner: httpx.AsyncClient) -> httpx.AsyncClient:
    return await with_csrf(owner)


def path_of(tenant: Tenant, *parts: object) -> str:
    return "/".join([f"/api/organizations/{tenant.organization.id}/webhooks", *map(str, parts)])


async def add(api: httpx.AsyncClient, tenant: Tenant, url: str, *events: str, **more: Any) -> dict[str, Any]:
    """A new webhook, with its secret."""
    body = {"url": url, "events": list(events) or ["call.started", "call.answered", "call.ended"], **more}
    response = await api.post(path_of(tenant), json=body)
    assert response.status_code == 201, response.text
    made: dict[str, Any] = response.json()
    return made


async def deliveries(api: httpx.AsyncClient, tenant: Tenant, webhook: dict[str, Any]) -> list[dict[str, Any]]:
    response = await api.get(path_of(tenant, webhook["id"], "deliveries"))
    assert response.status_code == 200, response.text
    items: list[dict[str, Any]] = response.json()["items"]
    return items


async def the_delivery(api: httpx.AsyncClient, tenant: Tenant, webhook: dict[str, Any], state: str) -> dict[str, Any]:
    """The webhook's only delivery, when it is in ``state``."""
    found: list[dict[str, Any]] = []

    async def is_there() -> bool:
        found[:] = await deliveries(api, tenant, webhook)
        return [item["state"] for item in found] == [state]

    await wait_until(is_there, pause=0.05)
    return found[0]


async def bring_forward(database: Database, webhook: dict[str, Any]) -> None:
    """Make the planned attempts of a webhook due now."""
    endpoint_id = UUID(webhook["id"])
    async with database.sessions() as session, session.begin():
        due = sa.update(WebhookDelivery).where(
            WebhookDelivery.endpoint_id == endpoint_id, WebhookDelivery.next_attempt_at.is_not(None)
        )
        await session.execute(due.values(next_attempt_at=utc_now()))
        endpoint = sa.update(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id)
        await session.execute(endpoint.where(WebhookEndpoint.due_at.is_not(None)).values(due_at=utc_now()))


def verified(request: Received, secret: str) -> dict[str, Any]:
    """The event of a request whose signature is right."""
    event: dict[str, Any] = Webhook(secret).verify(request.body, request.headers)
    return event


async def test_a_call_reaches_the_receiver_signed_and_in_order(
    api: httpx.AsyncClient, tenant: Tenant, token: Token, callbacks: CallbackClient, receiver: WebhookReceiver
) -> None:
    webhook = await add(api, tenant, receiver.url)
    assert webhook["secret"].startswith("whsec_")
    listed = (await api.get(path_of(tenant))).json()["items"]
    assert [item["id"] for item in listed] == [webhook["id"]]
    assert "secret" not in listed[0]
    sid, child = new_sid(), new_sid()
    await callbacks.outgoing(token.id, sid)
    await callbacks.event(sid, "in-progress", utc_now(), child=child, sequence=2)
    await callbacks.event(sid, "completed", utc_now(), child=child, sequence=3, CallDuration="6")

    requests = await receiver.wait_for(3)
    events = sorted((verified(request, webhook["secret"]) for request in requests), key=lambda event: event["sequence"])
    assert [event["type"] for event in events] == ["call.started", "call.answered", "call.ended"]
    assert {request.headers["webhook-id"] for request in requests} == {event["id"] for event in events}
    feed = (await api.get(f"/api/organizations/{tenant.organization.id}/events")).json()["items"]
    assert [event for event in feed if event["type"].startswith("call.")] == events
    with pytest.raises(WebhookVerificationError):
        verified(requests[0], "whsec_" + "A" * 44)
    await until_delivered(api, tenant, webhook, 3)
    [newest, *_] = await deliveries(api, tenant, webhook)
    assert set(newest) == {"id", "event_id", "type", "attempts", "state"}
    [attempt] = newest["attempts"]
    assert (attempt["status"], attempt["answer"]) == (200, "ok")


async def until_delivered(api: httpx.AsyncClient, tenant: Tenant, webhook: dict[str, Any], count: int) -> None:
    async def are_delivered() -> bool:
        return [item["state"] for item in await deliveries(api, tenant, webhook)] == ["delivered"] * count

    await wait_until(are_delivered, pause=0.05)


async def test_a_retry_has_the_same_id_and_bytes(
    api: httpx.AsyncClient, tenant: Tenant, receiver: WebhookReceiver, database: Database
) -> None:
    receiver.respond = lambda _: answer(500, "<b>down</b>\n again") if len(receiver.received) < 2 else OK
    webhook = await add(api, tenant, receiver.url)
    assert (await api.post(path_of(tenant, webhook["id"], "test"), json={})).status_code == 202

    attempts: list[dict[str, Any]] = []

    async def has_failed() -> bool:
        attempts[:] = (await deliveries(api, tenant, webhook))[0]["attempts"]
        return len(attempts) == 1

    await wait_until(has_failed, pause=0.05)
    async with database.sessions() as session:
        planned = await session.scalar(
            sa.select(WebhookEndpoint.due_at).where(WebhookEndpoint.id == UUID(webhook["id"]))
        )
    assert planned is not None
    assert planned - dt.datetime.fromisoformat(attempts[0]["at"]) < dt.timedelta(seconds=30)
    await bring_forward(database, webhook)
    first, second = await receiver.wait_for(2)
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == first.event["id"]
    assert first.event["data"]["test"] is True
    done = await the_delivery(api, tenant, webhook, "delivered")
    assert [attempt["status"] for attempt in done["attempts"]] == [500, 200]
    assert done["attempts"][0]["answer"] == "<b>down</b> again"
    assert (await api.get(path_of(tenant, webhook["id"]))).json()["failing_since"] is None
    # A test is in no list of events.
    feed = (await api.get(f"/api/organizations/{tenant.organization.id}/events")).json()["items"]
    assert first.event["id"] not in {event["id"] for event in feed}


BAD_RECEIVERS = {
    "redirect": (answer(302, "", "Location: http://127.0.0.1:1/"), 302, ""),
    "html": (answer(404, "<html><script>alert(1)</script>"), 404, "<html><script>alert(1)</script>"),
    "endless": (b"HTTP/1.1 503 X\r\n\r\n" + b"x" * 2_000_000, 503, "x" * 500),
    "bomb": (answer(500, "\x1f\x8b" * 50, "Content-Encoding: gzip"), 500, "(a compressed answer, not shown)"),
    "no HTTP": (b"nonsense\r\n\r\n", None, "The answer was no complete answer of HTTP"),
    "silence": (b"", None, "The answer was no complete answer of HTTP"),
    "wait": (answer(429, "later", "Retry-After: 7200"), 429, "later"),
    "not utf-8": (b"HTTP/1.1 500 X\r\nContent-Length: 2\r\n\r\n\xff\x00", 500, "\N{REPLACEMENT CHARACTER}"),
}


@pytest.mark.parametrize("kind", BAD_RECEIVERS)
async def test_bad_answers_are_in_the_log_and_tried_again(
    api: httpx.AsyncClient, tenant: Tenant, receiver: WebhookReceiver, database: Database, kind: str
) -> None:
    sent, status, shown = BAD_RECEIVERS[kind]
    receiver.respond = lambda _: sent
    webhook = await add(api, tenant, receiver.url)
    await api.post(path_of(tenant, webhook["id"], "test"), json={})

    async def is_tried() -> bool:
        return bool((await the_delivery(api, tenant, webhook, "pending"))["attempts"])

    await wait_until(is_tried, pause=0.05)
    [attempt] = (await the_delivery(api, tenant, webhook, "pending"))["attempts"]
    assert (attempt["status"], attempt["answer"]) == (status, shown)
    assert len(receiver.received) == 1
    async with database.sessions() as session:
        row = await session.get(WebhookEndpoint, UUID(webhook["id"]))
    assert row is not None
    assert row.due_at is not None
    assert (row.due_at - utc_now() > dt.timedelta(hours=1)) == (kind == "wait")


async def test_two_secrets_sign_for_a_day(
    api: httpx.AsyncClient, tenant: Tenant, receiver: WebhookReceiver, database: Database
) -> None:
    webhook = await add(api, tenant, receiver.url)
    # With an empty object or without a body, which is the same to these operations.
    rotated = (await api.post(path_of(tenant, webhook["id"], "rotate-secret"))).json()
    assert rotated["secret"] != webhook["secret"]
    await api.post(path_of(tenant, webhook["id"], "test"))
    [request] = await receiver.wait_for(1)
    assert verified(request, webhook["secret"]) == verified(request, rotated["secret"])
    async with database.sessions() as session, session.begin():
        late = sa.update(WebhookEndpoint).where(WebhookEndpoint.id == UUID(webhook["id"]))
        await session.execute(late.values(previous_secret_until=utc_now()))
    await api.post(path_of(tenant, webhook["id"], "test"), json={})
    [_, request] = await receiver.wait_for(2)
    verified(request, rotated["secret"])
    with pytest.raises(WebhookVerificationError):
        verified(request, webhook["secret"])


async def test_one_and_all_since_are_sent_again_with_their_ids(
    api: httpx.AsyncClient, tenant: Tenant, token: Token, callbacks: CallbackClient, receiver: WebhookReceiver
) -> None:
    await callbacks.outgoing(token.id, new_sid(), to="911")  # before there is a webhook
    since = utc_now() - dt.timedelta(minutes=1)

    async def is_numbered() -> bool:
        feed = (await api.get(f"/api/organizations/{tenant.organization.id}/events")).json()["items"]
        return "call.ended" in [event["type"] for event in feed]

    await wait_until(is_numbered, pause=0.05)
    webhook = await add(api, tenant, receiver.url, "call.ended")
    again = await api.post(path_of(tenant, webhook["id"], "resend-since"), json={"since": since.isoformat()})
    assert (again.status_code, again.json()) == (202, {"deliveries": 1, "next_since": None})
    [first] = await receiver.wait_for(1)
    delivery = await the_delivery(api, tenant, webhook, "delivered")
    resent = await api.post(path_of(tenant, webhook["id"], "deliveries", delivery["id"], "resend"), json={})
    assert resent.status_code == 202
    _, second = await receiver.wait_for(2)
    await api.post(path_of(tenant, webhook["id"], "resend-since"), json={"since": since.isoformat()})
    third = (await receiver.wait_for(3))[2]
    assert first.body == second.body == third.body
    assert {request.headers["webhook-id"] for request in receiver.received} == {delivery["event_id"]}
    for junk in ("yesterday", "2026-11-22", ""):
        refused = await api.post(path_of(tenant, webhook["id"], "resend-since"), json={"since": junk})
        assert fields_refused(refused) == ["since"]
    missing = await api.post(path_of(tenant, webhook["id"], "deliveries", uuid4(), "resend"), json={})
    assert_refused(missing, 404, "not_found")


async def test_an_endpoint_that_only_fails_is_paused_and_its_owner_told(
    api: httpx.AsyncClient, tenant: Tenant, receiver: WebhookReceiver, database: Database, settings: Settings
) -> None:
    receiver.respond = lambda _: answer(500, "broken")
    webhook = await add(api, tenant, receiver.url)
    async with database.sessions() as session, session.begin():
        failing = sa.update(WebhookEndpoint).where(WebhookEndpoint.id == UUID(webhook["id"]))
        await session.execute(failing.values(failures=9, failing_since=utc_now() - dt.timedelta(days=3, hours=1)))
    await api.post(path_of(tenant, webhook["id"], "test"), json={})
    [mail] = await Mailbox(settings, tenant.owner.email).all()
    assert mail["Subject"] == f"The webhook to 127.0.0.1:{receiver.port} is paused"
    shown = (await api.get(path_of(tenant, webhook["id"]))).json()
    assert shown["paused"] is True
    for path in ("test", "resend-since"):
        body = {"since": utc_now().isoformat()} if path == "resend-since" else {}
        assert_refused(await api.post(path_of(tenant, webhook["id"], path), json=body), 409, "webhook_paused")
    receiver.respond = lambda _: OK
    resumed = await api.patch(path_of(tenant, webhook["id"]), json={"paused": False})
    assert (resumed.json()["paused"], resumed.json()["failing_since"]) == (False, None)
    await the_delivery(api, tenant, webhook, "delivered")


async def test_the_last_attempt_is_three_days_later(
    api: httpx.AsyncClient, tenant: Tenant, receiver: WebhookReceiver, database: Database
) -> None:
    receiver.respond = lambda _: answer(500)
    webhook = await add(api, tenant, receiver.url)
    await api.post(path_of(tenant, webhook["id"], "test"), json={})

    async def is_tried() -> bool:
        return bool((await the_delivery(api, tenant, webhook, "pending"))["attempts"])

    await wait_until(is_tried, pause=0.05)
    async with database.sessions() as session, session.begin():
        mine = WebhookDelivery.endpoint_id == UUID(webhook["id"])
        retry_until = await session.scalar(sa.select(WebhookDelivery.retry_until).where(mine))
        assert retry_until is not None
        assert retry_until - utc_now() > dt.timedelta(days=3)
        await session.execute(sa.update(WebhookDelivery).where(mine).values(retry_until=utc_now()))
    await bring_forward(database, webhook)
    failed = await the_delivery(api, tenant, webhook, "failed")
    assert len(failed["attempts"]) == 2


async def test_a_token_gets_its_own_events_only(
    api: httpx.AsyncClient,
    tenant: Tenant,
    token: Token,
    make: Factory,
    callbacks: CallbackClient,
    receiver: WebhookReceiver,
) -> None:
    other = await make.token(tenant)
    await add(api, tenant, receiver.url, "call.ended", "embed_token.revoked", token_id=str(token.id))
    await callbacks.outgoing(other.id, new_sid(), to="911")
    await callbacks.outgoing(token.id, new_sid(), to="911")
    await api.delete(f"/api/organizations/{tenant.organization.id}/embed-tokens/{other.id}")
    await api.delete(f"/api/organizations/{tenant.organization.id}/embed-tokens/{token.id}")
    requests = await receiver.wait_for(2)
    assert {request.event["type"] for request in requests} == {"call.ended", "embed_token.revoked"}
    tokens = {str(request.event["data"].get("token_id", request.event["data"]["id"])) for request in requests}
    assert tokens == {str(token.id)}
    stranger = await make.token(await make.tenant())
    body = {"url": receiver.url, "events": ["call.ended"], "token_id": str(stranger.id)}
    assert fields_refused(await api.post(path_of(tenant), json=body)) == ["token_id"]


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["url", "events"]),
        ({"url": None, "events": "call.ended", "token_id": 7, "x": 1}, ["url", "events", "token_id", "x"]),
        (
            {"url": "https://10.0.0.1/", "events": ["call.dropped"], "token_id": str(uuid4())},
            ["url", "events", "token_id"],
        ),
    ],
    ids=["nothing", "types", "values"],
)
async def test_all_that_is_wrong_is_named_at_once(
    api: httpx.AsyncClient, tenant: Tenant, body: dict[str, Any], fields: list[str]
) -> None:
    assert fields_refused(await api.post(path_of(tenant), json=body)) == fields


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"url": "https://10.0.0.1/", "events": ["call.ended"]}, "url"),
        ({"url": "http://example.com/", "events": ["call.ended"]}, "url"),
        ({"url": "https://0x7f.1/", "events": ["call.ended"]}, "url"),
        ({"url": "http://127.0.0.1:1/", "events": []}, "events"),
        ({"url": "http://127.0.0.1:1/", "events": ["call.dropped"]}, "events"),
        ({"url": "http://127.0.0.1:1/", "events": ["call.ended"], "secret": "x"}, "secret"),
        ({"url": "http://127.0.0.1:1/"}, "events"),
    ],
)
async def test_bad_input_is_named(api: httpx.AsyncClient, tenant: Tenant, body: dict[str, Any], field: str) -> None:
    assert fields_refused(await api.post(path_of(tenant), json=body)) == [field]


async def test_a_deleted_webhook_gets_nothing_and_its_log_is_gone(
    api: httpx.AsyncClient, tenant: Tenant, receiver: WebhookReceiver, database: Database
) -> None:
    webhook, kept = [await add(api, tenant, f"{receiver.url}{name}", "call.ended") for name in ("1", "2")]
    for each in (webhook, kept):
        await api.post(path_of(tenant, each["id"], "test"), json={})
    await receiver.wait_for(1, "/hook1")
    await receiver.wait_for(1, "/hook2")
    assert (await api.delete(path_of(tenant, webhook["id"]))).status_code == 204
    assert_refused(await api.get(path_of(tenant, webhook["id"])), 404, "not_found")
    assert_refused(await api.get(path_of(tenant, webhook["id"], "deliveries")), 404, "not_found")
    async with database.sessions() as session:
        of = sa.select(WebhookDelivery.endpoint_id).where(WebhookDelivery.owned_by(tenant.organization.id))
        assert set(await session.scalars(of)) == {UUID(kept["id"])}
        stored = await session.scalar(sa.select(WebhookEndpoint.secret).where(WebhookEndpoint.id == UUID(kept["id"])))
        events = sa.select(OrganizationEvent.sequence).where(OrganizationEvent.owned_by(tenant.organization.id))
        assert all(sequence < 0 for sequence in await session.scalars(events))
    assert "whsec_" not in str(stored)
