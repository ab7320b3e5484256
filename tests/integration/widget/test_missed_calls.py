"""``/widget/missed-calls``: verified members see the missed calls that they have not seen, on our own pages."""

from typing import Any

import httpx
import pytest

from calls.incoming.phone_endpoint import MAX_LISTED
from conftest import PUBLIC_URL
from kit.clock import utc_now
from kit.settings import Settings
from support.callback_client import CallbackClient, new_sid
from support.factories import Factory, Tenant, Token
from support.widget_client import post_token
from tenants.models import Role
from widget.tickets import issue_page_ticket

pytestmark = pytest.mark.anyio
PATH = "/widget/missed-calls"
CALLER = "+12125550160"


async def place_missed_call(callbacks: CallbackClient, tenant: Tenant, caller: str = CALLER) -> None:
    assert tenant.number is not None
    sid = new_sid()
    await callbacks.incoming(tenant.number, sid, caller=caller)
    await callbacks.event(sid, "completed", utc_now(), CallDuration="4")


async def unseen_calls(client: httpx.AsyncClient, token: Token, ticket: str, **given: Any) -> dict[str, Any]:
    answer = await post_token(client, token.raw, **{"path": PATH, "origins": [PUBLIC_URL], "ticket": ticket, **given})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_a_member_sees_missed_calls_until_they_are_marked_as_seen(
    client: httpx.AsyncClient,
    callbacks: CallbackClient,
    make: Factory,
    settings: Settings,
    tenant: Tenant,
    token: Token,
) -> None:
    ann, bob = [await make.member(tenant.organization, Role.MEMBER) for _ in range(2)]
    tickets = [issue_page_ticket(settings, token.id, member_id=user.id) for user in (ann, bob)]
    await place_missed_call(callbacks, tenant)
    await place_missed_call(callbacks, tenant, "anonymous")
    found = await unseen_calls(client, token, tickets[0])
    (call,) = found["calls"]
    assert (found["count"], call["number"], call["called"]) == (2, CALLER, tenant.number)
    assert call["startedAt"].endswith("Z")

    await place_missed_call(callbacks, tenant, "+12125550161")
    # A call that was missed after the list was made stays new.
    after = await unseen_calls(client, token, tickets[0], seen_until=found["asOf"])
    assert (after["count"], [call["number"] for call in after["calls"]]) == (1, ["+12125550161"])
    assert (await unseen_calls(client, token, tickets[0], seen_until="0001-01-01T00:00:00+14:00"))["count"] == 1
    assert (await unseen_calls(client, token, tickets[0], seen_until="9999-12-31T23:59:59Z"))["count"] == 0
    assert (await unseen_calls(client, token, tickets[1]))["count"] == 3
    for _ in range(MAX_LISTED):
        await place_missed_call(callbacks, tenant)
    many = await unseen_calls(client, token, tickets[1])
    assert (many["count"], len(many["calls"])) == (3 + MAX_LISTED, MAX_LISTED)


async def test_nobody_else_sees_missed_calls(
    client: httpx.AsyncClient,
    callbacks: CallbackClient,
    make: Factory,
    settings: Settings,
    tenant: Tenant,
    token: Token,
) -> None:
    ann, stranger = await make.member(tenant.organization, Role.MEMBER), await make.user()
    await place_missed_call(callbacks, tenant)
    ticket = issue_page_ticket(settings, token.id, member_id=ann.id)
    nothing = {"count": 0, "calls": [], "asOf": None}
    assert await unseen_calls(client, token, ticket, origins=["https://customer.example"]) == nothing
    for other in (issue_page_ticket(settings, token.id), issue_page_ticket(settings, token.id, member_id=stranger.id)):
        assert await unseen_calls(client, token, other) == nothing
        assert await unseen_calls(client, token, other, seen_until=utc_now().isoformat()) == nothing
    assert (await unseen_calls(client, token, ticket))["count"] == 1


@pytest.mark.parametrize("given", ["yesterday", 7, {}, "2026-12-01T10:00:00", ""])
async def test_an_invalid_time_is_refused(client: httpx.AsyncClient, token: Token, given: object) -> None:
    answer = await post_token(client, token.raw, path=PATH, seen_until=given)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "seen_until")
