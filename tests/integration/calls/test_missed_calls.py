"""Missed calls: unseen or seen by each member, and returned by a later call with their caller."""

import datetime as dt
import html
import re
from typing import Any

import httpx
import pytest

from calls.models import CallStatus
from kit.clock import utc_now
from kit.db.database import Database
from support.call_factory import add_call
from support.callback_client import CallbackClient, new_sid
from support.factories import Factory, Tenant, Token, sign_in
from tenants.models import Role

pytestmark = pytest.mark.anyio
CALLER, OTHER_CALLER, PHONE = "+12125550160", "+12125550161", "+12125550144"


def api(tenant: Tenant, path: str) -> str:
    return f"/api/organizations/{tenant.organization.id}/{path}"


async def place_missed_call(callbacks: CallbackClient, tenant: Tenant, caller: str = CALLER) -> str:
    """A call that nobody answers; the carrier's id of it."""
    assert tenant.number is not None
    sid = new_sid()
    await callbacks.incoming(tenant.number, sid, caller=caller)
    await callbacks.event(sid, "completed", utc_now(), CallDuration="4")
    return sid


async def answer(callbacks: CallbackClient, tenant: Tenant, caller: str = CALLER) -> None:
    """A call that ``PHONE`` accepts, and that ends."""
    assert tenant.number is not None
    sid, phone = new_sid(), new_sid()
    await callbacks.incoming(tenant.number, sid, caller=caller)
    leg = {"CallSid": phone, "ParentCallSid": sid, "To": PHONE, "CallStatus": "in-progress", "Digits": "1"}
    await callbacks.send("/voice/incoming/accept", leg)
    await callbacks.event(sid, "completed", utc_now(), child=phone, sequence=3, CallDuration="5")
    await callbacks.event(sid, "completed", utc_now(), CallDuration="9")


async def call_out(callbacks: CallbackClient, token: Token, to: str, status: str = "in-progress") -> None:
    sid, child = new_sid(), new_sid()
    await callbacks.outgoing(token.id, sid, to=to, Agent="Ann")
    await callbacks.event(sid, status, utc_now(), child=child, sequence=2)


async def missed_calls(owner: httpx.AsyncClient, tenant: Tenant) -> list[dict[str, Any]]:
    return list((await owner.get(api(tenant, "calls?missed=true"))).json()["items"])


async def count_in_navigation(client: httpx.AsyncClient, tenant: Tenant) -> int:
    page = (await client.get(f"/dashboard/{tenant.organization.slug}/usage")).text
    found = re.search(r"nav-count\">(\d+)", page)
    return 0 if found is None else int(found[1])


async def open_missed(client: httpx.AsyncClient, tenant: Tenant, query: str = "direction=missed") -> str:
    return (await client.get(f"/dashboard/{tenant.organization.slug}/calls?{query}")).text


async def test_each_member_sees_missed_calls_once(
    callbacks: CallbackClient, owner: httpx.AsyncClient, tenant: Tenant, make: Factory
) -> None:
    await place_missed_call(callbacks, tenant)
    await place_missed_call(callbacks, tenant, OTHER_CALLER)
    assert await count_in_navigation(owner, tenant) == 2
    # A list that shows only some of them, or a part of a page, marks none as seen.
    await open_missed(owner, tenant, "direction=missed&number=5550160")
    await owner.get(f"/dashboard/{tenant.organization.slug}/calls?direction=inbound")
    assert await count_in_navigation(owner, tenant) == 2

    page = await open_missed(owner, tenant)
    assert page.count('<span class="badge ok">New</span>') == 2
    assert "nav-count" not in page
    assert await count_in_navigation(owner, tenant) == 0
    assert 'badge ok">New' not in await open_missed(owner, tenant)
    await place_missed_call(callbacks, tenant)
    assert await count_in_navigation(owner, tenant) == 1

    # Somebody who joins later has nothing to catch up on.
    member = await make.member(tenant.organization, Role.MEMBER)
    await sign_in(owner, member)
    assert await count_in_navigation(owner, tenant) == 0
    await place_missed_call(callbacks, tenant, OTHER_CALLER)
    assert await count_in_navigation(owner, tenant) == 1


async def test_a_call_back_that_is_answered_returns_all_missed_calls_of_the_caller(
    callbacks: CallbackClient, owner: httpx.AsyncClient, tenant: Tenant, token: Token
) -> None:
    await place_missed_call(callbacks, tenant)
    await place_missed_call(callbacks, tenant)
    await place_missed_call(callbacks, tenant, OTHER_CALLER)
    await call_out(callbacks, token, CALLER, status="no-answer")
    assert [call["returned_at"] for call in await missed_calls(owner, tenant)] == [None, None, None]
    await call_out(callbacks, token, CALLER)

    listed = await missed_calls(owner, tenant)
    (back,) = (await owner.get(api(tenant, "calls?direction=outbound&status=in-progress"))).json()["items"]
    returned = {call["from"]: (call["returned_at"], call["returned_call_id"], call["version"]) for call in listed}
    assert returned == {OTHER_CALLER: (None, None, 1), CALLER: (back["answered_at"], back["id"], 2)}
    assert await count_in_navigation(owner, tenant) == 1
    one = (await owner.get(api(tenant, f"calls/{listed[-1]['id']}"))).json()
    assert (one["returned_call_id"], one["returned_by"]) == (back["id"], back["agent"])
    assert (await owner.get(api(tenant, f"calls/{back['id']}"))).json()["returned_by"] is None

    page = await open_missed(owner, tenant)
    assert page.count("Called back") == 2
    detail = (await owner.get(f"/dashboard/{tenant.organization.slug}/calls/{listed[-1]['id']}")).text
    assert "Called back" in detail
    assert f"calls/{back['id']}" in detail
    rows = (await owner.get(api(tenant, "calls/export.csv?missed=true"))).text.splitlines()
    assert rows[0].endswith(",answered_by,returned_at,returned_call_id")
    assert sum(back["id"] in row for row in rows) == 2


async def test_a_caller_who_calls_again_and_is_answered_returns_the_missed_call(
    callbacks: CallbackClient, owner: httpx.AsyncClient, tenant: Tenant
) -> None:
    await place_missed_call(callbacks, tenant)
    await owner.put(api(tenant, "incoming-calls"), json={"voicemail": False, "forward_to": [PHONE]})
    await answer(callbacks, tenant)
    (call,) = await missed_calls(owner, tenant)
    later = (await owner.get(api(tenant, f"calls/{call['returned_call_id']}"))).json()
    assert (later["answered_by"], later["status"]) == (PHONE, "completed")
    assert (await owner.get(api(tenant, f"calls/{call['id']}"))).json()["returned_by"] == PHONE
    assert "Called again and was answered by" in await open_missed(owner, tenant)
    shown = await owner.get(f"/dashboard/{tenant.organization.slug}/calls?direction=inbound")
    assert re.search(r"by <bdi>[^<]*555-0144", shown.text)


async def test_a_call_whose_end_is_reported_late_was_returned_meanwhile(
    callbacks: CallbackClient, owner: httpx.AsyncClient, tenant: Tenant, token: Token
) -> None:
    assert tenant.number is not None
    sid = new_sid()
    await callbacks.incoming(tenant.number, sid, caller=CALLER)
    await call_out(callbacks, token, CALLER)
    assert await missed_calls(owner, tenant) == []
    await callbacks.event(sid, "completed", utc_now() + dt.timedelta(seconds=1), CallDuration="4")
    (call,) = await missed_calls(owner, tenant)
    assert call["returned_call_id"] is not None
    assert await count_in_navigation(owner, tenant) == 0


async def test_the_csv_of_the_list_has_the_refused_callers_that_the_list_shows(
    callbacks: CallbackClient, owner: httpx.AsyncClient, tenant: Tenant, token: Token, database: Database
) -> None:
    await place_missed_call(callbacks, tenant)
    refused: dict[str, Any] = {"token_id": None, "identity": "", "direction": "inbound", "from_number": OTHER_CALLER}
    await add_call(
        database, tenant, token, status=CallStatus.REFUSED, duration=0, to_number=tenant.number or "", **refused
    )
    listed = await open_missed(owner, tenant)
    assert "+1 212-555-0161" in listed
    address = html.unescape(listed.partition('id="csv" href="')[2].partition('"')[0])
    rows = (await owner.get(address)).text.splitlines()[1:]
    assert [OTHER_CALLER in row for row in rows] == [True, False]
    # The API's missed calls are those that nobody accepted, unless both are asked for.
    assert len(await missed_calls(owner, tenant)) == 1
    both = (await owner.get(api(tenant, "calls?missed=true&with_refused=true"))).json()["items"]
    assert [call["status"] for call in both] == ["refused", "no-answer"]
