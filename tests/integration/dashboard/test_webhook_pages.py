"""Pages of webhooks: add, show the secret once, test, pause, resume, rotate, send again, delete; without scripts."""

import datetime as dt
import html
import re

import httpx
import pytest
import sqlalchemy as sa
from standardwebhooks import Webhook

from events.models import OrganizationEvent
from kit.clock import utc_now
from kit.db.database import Database
from support.factories import Tenant
from support.page_session import errors_of, page_after, post_form
from support.partitions import add_event
from support.waiting import wait_until
from support.webhook_receiver import WebhookReceiver, answer
from webhooks.models import WebhookEndpoint

pytestmark = pytest.mark.anyio
SECRET = re.compile(r'value="(whsec_[^"]+)"')


def section_of(tenant: Tenant) -> str:
    return f"/dashboard/{tenant.organization.slug}/settings/webhooks"


async def test_a_webhook_from_its_form_to_its_end(
    owner: httpx.AsyncClient, tenant: Tenant, receiver: WebhookReceiver, database: Database
) -> None:
    section = section_of(tenant)
    receiver.respond = lambda _: answer(200, "<i>thanks</i>")
    posted = await post_form(owner, section, section, {"url": receiver.url, "call.ended": "yes"})
    shown = await owner.get(posted.headers["location"])
    secret = SECRET.search(shown.text)
    assert secret is not None
    assert shown.headers["cache-control"] == "no-store"
    assert (await owner.get(posted.headers["location"])).status_code == 303  # shown once
    listed = (await owner.get(section)).text
    assert "whsec_" not in listed
    link = re.search(rf'href="({section}/[0-9a-f-]+)">127.0.0.1:{receiver.port}<', listed)
    assert link is not None
    page = link[1]

    assert "A test event is on its way" in await page_after(owner, page, f"{page}/test")
    [request] = await receiver.wait_for(1)
    assert Webhook(secret[1]).verify(request.body, request.headers)["type"] == "call.ended"

    async def is_logged() -> bool:
        return "Delivered" in (await owner.get(page)).text

    await wait_until(is_logged, pause=0.1)
    log = (await owner.get(page)).text
    assert "&lt;i&gt;thanks&lt;/i&gt;" in log
    again = re.search(rf'action="({page}/deliveries/[0-9a-f-]+/resend)"', log)
    assert again is not None
    assert "call.ended is sent again, with the same id" in await page_after(owner, page, again[1])
    _, second = await receiver.wait_for(2)
    assert second.body == request.body
    for since in ("2026-11-22T18:00:00Z", "2026-11-22T18:00"):
        said = await page_after(owner, page, f"{page}/resend-since", {"since": since})
        assert "0 events are sent again." in said
    for wrong in ("yesterday", "", f"{utc_now() + dt.timedelta(days=2):%Y-%m-%dT%H:%M}"):
        refused = await post_form(owner, page, f"{page}/resend-since", {"since": wrong})
        assert (refused.status_code, list(errors_of(refused.text))) == (400, ["since"])

    paused = await page_after(owner, page, f"{page}/pause", {"paused": "yes"})
    assert f"Paused: nothing is sent to 127.0.0.1:{receiver.port}." in paused
    assert f"{page}/test" not in paused
    assert "gets events again." in await page_after(owner, page, f"{page}/pause", {"paused": "no"})
    saved = await page_after(owner, page, page, {"url": receiver.url, "call.ended": "yes", "call.updated": "yes"})
    assert "gets 2 types of events." in saved
    question = (await owner.get(f"{page}/rotate")).text
    assert "Make a new secret" in question
    assert "signed with both secrets for 24 hours" in question
    rotated = SECRET.search(await page_after(owner, f"{page}/rotate", f"{page}/rotate"))
    assert rotated is not None
    assert rotated[1] != secret[1]
    assert "The previous secret also signs until" in (await owner.get(page)).text
    for place in (page, f"{page}/rotate"):
        assert "The previous secret stops working at once" in (await owner.get(place)).text
    async with database.sessions() as session, session.begin():
        mine, ended = WebhookEndpoint.owned_by(tenant.organization.id), utc_now() - dt.timedelta(minutes=1)
        await session.execute(sa.update(WebhookEndpoint).where(mine).values(previous_secret_until=ended))
    assert "The previous secret also signs" not in (await owner.get(page)).text
    assert "Webhook deleted" in await page_after(owner, f"{page}/delete", f"{page}/delete")
    assert (await owner.get(page)).status_code == 404


async def test_the_time_that_the_form_has_for_the_next_events_is_exact(
    owner: httpx.AsyncClient, tenant: Tenant, receiver: WebhookReceiver, database: Database
) -> None:
    section = section_of(tenant)
    await post_form(owner, section, section, {"url": receiver.url, "call.ended": "yes"})
    async with database.sessions() as session:
        mine = WebhookEndpoint.owned_by(tenant.organization.id)
        endpoint_id = (await session.execute(sa.select(WebhookEndpoint.id).where(mine))).scalar_one()
    second = (utc_now() - dt.timedelta(days=1)).replace(microsecond=0)
    for sequence, milliseconds in ((1, 200), (2, 700)):
        moment = second + dt.timedelta(milliseconds=milliseconds)
        await add_event(database, (tenant.organization.id, endpoint_id), moment, sequence)
    async with database.sessions() as session, session.begin():
        mine = OrganizationEvent.owned_by(tenant.organization.id)
        await session.execute(sa.update(OrganizationEvent).where(mine).values(body='{"data": {"token_id": null}}'))
    page, filled = f"{section}/{endpoint_id}", (second + dt.timedelta(milliseconds=500)).isoformat()
    shown = (await owner.get(page, params={"since": filled})).text
    field = re.search(r'name="since" type="datetime-local" value="([^"]+)"', shown)
    assert field is not None
    assert f'name="filled" value="{html.escape(filled)}"' in shown
    for given, said in (({"filled": filled}, "1 event is sent again."), ({}, "2 events are sent again.")):
        assert said in await page_after(owner, page, f"{page}/resend-since", {"since": field[1], **given})


async def test_a_refused_form_keeps_its_input_and_says_what_to_do(owner: httpx.AsyncClient, tenant: Tenant) -> None:
    section = section_of(tenant)
    refused = await post_form(owner, section, section, {"url": "https://10.0.0.1/<b>", "call.answered": "yes"})
    assert (refused.status_code, list(errors_of(refused.text))) == (400, ["url"])
    assert "https://10.0.0.1/&lt;b&gt;" in refused.text
    assert 'name="call.answered" value="yes" checked' in refused.text
    assert 'name="call.ended" value="yes" checked' not in refused.text
    none = await post_form(owner, section, section, {"url": "http://localhost:9/"})
    assert none.status_code == 400
    assert "Choose at least one type of event" in none.text
    assert 'name="call.started" value="yes" autofocus' in none.text
