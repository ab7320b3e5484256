"""Voicemail drop from the widget, and the rules for who may drop a voicemail in which call."""

import datetime as dt
import re
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest
import sqlalchemy as sa
from litestar import Litestar

from calls.agent_identification import AgentIdentification
from calls.greetings.audio_urls import AUDIO_URLS
from calls.greetings.phone_endpoints import VoicemailDropHandler, VoicemailDropRequest
from calls.greetings.voicemail_drop import VoicemailDropper
from calls.models import Call
from carrier.twilio import TwilioCarrier
from conftest import PUBLIC_URL
from kit.clock import utc_now
from kit.db.database import Database
from kit.errors import NotFound
from kit.settings import Settings
from support.audio import wav_of
from support.callback_client import CallbackClient, new_sid
from support.factories import Factory, Tenant, Token, sign_in
from support.page_session import post_form
from support.widget_client import assert_problem, assert_public, post_token
from tenants.models import Role
from widget.client_ids import identity_of
from widget.tickets import Tickets, issue_page_ticket
from widget.token_auth import AuthenticatedWidget

pytestmark = pytest.mark.anyio
LIST, DROP = "/widget/voicemail-greetings", "/widget/voicemail-drop"


class PlayingCarrier(TwilioCarrier):
    """The carrier adapter for legs that the sandbox does not know: it only notes what is played."""

    played = ("", "")

    async def play_and_hang_up(self, leg_sid: str, url: str) -> None:
        self.played = (leg_sid, url)


class Phone(msgspec.Struct):
    """A widget with a call."""

    ticket: str
    identity: str
    call_id: str
    child: str


def api(tenant: Tenant, rest: str = "voicemail-greetings") -> str:
    return f"/api/organizations/{tenant.organization.id}/{rest}"


async def add(client: httpx.AsyncClient, tenant: Tenant, name: str, **query: str) -> str:
    answer = await client.post(api(tenant), params={"name": name, **query}, content=wav_of(1))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def connect(callbacks: CallbackClient, token: Token, identity: str, *, until: str = "in-progress") -> Any:
    """Place a call; return the widget's id of it, and the carrier's id of the child leg."""
    sid, child, call_id = new_sid(), new_sid(), str(uuid4())
    dialled = await callbacks.outgoing(token.id, sid, From=f"client:{identity}", CallId=call_id)
    assert "<Dial" in dialled.text
    for sequence, status in enumerate(("initiated", "ringing", "in-progress")):
        await callbacks.event(sid, status, utc_now() - dt.timedelta(seconds=9), child=child, sequence=sequence)
        if status == until:
            break
    return call_id, child


async def open_phone(client: httpx.AsyncClient, callbacks: CallbackClient, token: Token, **given: Any) -> Phone:
    session = (await post_token(client, token.raw, **given)).json()
    return Phone(session["ticket"], session["identity"], *await connect(callbacks, token, session["identity"]))


def names(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [greeting["name"] for greeting in answer.json()["greetings"]]


@pytest.fixture
async def member(make: Factory, tenant: Tenant, new_client: Any) -> tuple[UUID, httpx.AsyncClient]:
    """A member without a further role, and their signed-in client."""
    user = await make.member(tenant.organization, Role.MEMBER)
    return user.id, await sign_in(new_client(), user)


async def test_a_phone_lists_greetings_in_its_own_live_call_alone(
    client: httpx.AsyncClient,
    owner: httpx.AsyncClient,
    callbacks: CallbackClient,
    make: Factory,
    settings: Settings,
    tenant: Tenant,
    token: Token,
    member: tuple[UUID, httpx.AsyncClient],
) -> None:
    await add(owner, tenant, "For all", shared="true")
    await add(member[1], tenant, "Mine")
    phone = await open_phone(client, callbacks, token)
    listed = await post_token(client, token.raw, path=LIST, ticket=phone.ticket, call_id=phone.call_id)
    assert names(listed) == ["For all"]
    assert_public(listed)

    ticket = issue_page_ticket(settings, token.id, member_id=member[0])
    own = await open_phone(client, callbacks, token, origins=[PUBLIC_URL], ticket=ticket)
    given: dict[str, Any] = {"ticket": own.ticket, "origins": [PUBLIC_URL]}
    assert names(await post_token(client, token.raw, path=LIST, call_id=own.call_id, **given)) == ["Mine", "For all"]

    other = await make.token(tenant)
    foreign: tuple[tuple[str, dict[str, Any]], ...] = (
        (token.raw, {"call_id": phone.call_id}),
        (token.raw, {"call_id": phone.call_id, "ticket": own.ticket}),
        (token.raw, {"call_id": own.call_id, "ticket": phone.ticket}),
        (token.raw, {"call_id": "x", "ticket": phone.ticket}),
        (token.raw, {"ticket": phone.ticket}),
        (other.raw, {"call_id": phone.call_id, "ticket": phone.ticket}),
    )
    for path in (LIST, DROP):
        for raw, rest in foreign:
            assert_problem(await post_token(client, raw, path=path, **rest), 404, "not_found", "Not found")


async def test_a_phone_tells_greetings_of_one_name_apart(
    client: httpx.AsyncClient,
    owner: httpx.AsyncClient,
    callbacks: CallbackClient,
    settings: Settings,
    tenant: Tenant,
    token: Token,
    member: tuple[UUID, httpx.AsyncClient],
) -> None:
    await add(member[1], tenant, "Hello")
    # The owner does not see the member's greeting, so the name is free.
    await add(owner, tenant, "Hello", shared="true")
    await add(owner, tenant, "Other", shared="true")
    phone = await open_phone(
        client,
        callbacks,
        token,
        origins=[PUBLIC_URL],
        ticket=issue_page_ticket(settings, token.id, member_id=member[0]),
    )
    given: dict[str, Any] = {"ticket": phone.ticket, "origins": [PUBLIC_URL], "call_id": phone.call_id}
    own, other, shared = names(await post_token(client, token.raw, path=LIST, **given))
    assert other == "Other"
    for name in (own, shared):
        assert re.fullmatch(r"Hello, 0:01, \d{4}-\d\d-\d\d \d\d:\d\d UTC", name)


async def test_a_refusal_says_what_is_missing(
    client: httpx.AsyncClient,
    owner: httpx.AsyncClient,
    callbacks: CallbackClient,
    database: Database,
    tenant: Tenant,
    token: Token,
) -> None:
    session = (await post_token(client, token.raw)).json()
    call_id, _ = await connect(callbacks, token, session["identity"], until="ringing")
    given: dict[str, Any] = {"ticket": session["ticket"], "call_id": call_id}
    assert names(await post_token(client, token.raw, path=LIST, **given)) == []
    not_connected = "A greeting can be left only in an outgoing call that is connected"
    early = await post_token(client, token.raw, path=DROP, **given)
    assert_problem(early, 409, "call_not_connected", not_connected)
    assert_public(early)

    phone = await open_phone(client, callbacks, token)
    given = {"ticket": phone.ticket, "call_id": phone.call_id}
    missing = "There is no voicemail greeting yet. Record one in the dashboard under Voicemail, then leave it"
    assert_problem(await post_token(client, token.raw, path=DROP, **given), 409, "no_voicemail_greeting", missing)
    await add(owner, tenant, "For all", shared="true")
    ids: tuple[object, ...] = ("x", 7, {}, str(uuid4()))
    for unknown in ids:
        answer = await post_token(client, token.raw, path=DROP, greeting_id=unknown, **given)
        assert_problem(answer, 404, "not_found", "Not found")
    # The sandbox knows no such leg: the carrier says that it is over.
    assert_problem(await post_token(client, token.raw, path=DROP, **given), 409, "call_not_connected", not_connected)
    async with database.sessions() as session, session.begin():
        ended = sa.update(Call).where(Call.call_id == UUID(phone.call_id)).values(status="completed")
        await session.execute(ended)
    assert names(await post_token(client, token.raw, path=LIST, **given)) == []


async def test_the_phone_that_placed_the_call_leaves_a_greeting_in_it(
    app: Litestar,
    client: httpx.AsyncClient,
    owner: httpx.AsyncClient,
    callbacks: CallbackClient,
    database: Database,
    settings: Settings,
    tenant: Tenant,
    token: Token,
) -> None:
    await add(owner, tenant, "For all", shared="true")
    chosen = await add(owner, tenant, "Chosen", shared="true")
    phone = await open_phone(client, callbacks, token)
    carrier = PlayingCarrier(settings.twilio, api_base=f"http://{settings.sandbox_address}", signaling=None)
    links, agent_identification = AUDIO_URLS.get(app), AgentIdentification(settings.secret_keys)
    drop = VoicemailDropHandler(database, VoicemailDropper(database, carrier, links), agent_identification)
    ticket = Tickets(settings.secret_keys).read(phone.ticket, token.id, int(utc_now().timestamp()))
    assert ticket is not None
    widget = AuthenticatedWidget(
        token_id=token.id,
        organization_id=tenant.organization.id,
        organization_name="",
        country="US",
        from_numbers=(),
        last_used_at=None,
        shows_recent_calls=False,
        call_outcomes="[]",
        origin=None,
        ticket=ticket,
        authenticated_at=utc_now(),
    )
    asked = VoicemailDropRequest(token=token.raw, call_id=phone.call_id, greeting_id=chosen)
    stranger = msgspec.structs.replace(widget, ticket=msgspec.structs.replace(ticket, client_id="0" * 16))
    with pytest.raises(NotFound):
        await drop(stranger, asked)
    assert await drop(widget, asked) == b""
    assert carrier.played == (phone.child, links.url(tenant.organization.id, UUID(chosen)))
    (call,) = (await owner.get(api(tenant, "calls"))).json()["items"]
    assert (call["status"], call["end_reason"]) == ("completed", "voicemail_dropped")


async def test_a_member_leaves_greetings_in_own_calls_and_admins_in_all(
    owner: httpx.AsyncClient,
    client: httpx.AsyncClient,
    callbacks: CallbackClient,
    make: Factory,
    settings: Settings,
    tenant: Tenant,
    token: Token,
    member: tuple[UUID, httpx.AsyncClient],
) -> None:
    await add(owner, tenant, "For all", shared="true")
    user_id, browser = member
    identities = {
        ticket: (await post_token(client, token.raw, origins=[PUBLIC_URL], ticket=ticket)).json()["identity"]
        for ticket in (
            issue_page_ticket(settings, token.id, member_id=user_id),
            issue_page_ticket(settings, token.id, member_id=tenant.owner.id),
        )
    }
    own, others = identities.values()
    unknown = identity_of(token.id, "0" * 16)
    pages: dict[str, str] = {}
    for identity, code in ((own, "call_not_connected"), (others, "not_own_call"), (unknown, "not_own_call")):
        await connect(callbacks, token, identity)
        call = (await owner.get(api(tenant, "calls"))).json()["items"][0]
        pages[identity] = f"/dashboard/{tenant.organization.slug}/calls/{call['id']}"
        # The sandbox knows no such leg: what may be left is refused by the carrier alone.
        for caller, expected in ((browser, code), (owner, "call_not_connected")):
            left = await caller.post(api(tenant, f"calls/{call['id']}/voicemail-drop"), json={})
            assert left.json()["code"] == expected, left.text
    for identity, page in pages.items():
        assert ("Leave voicemail" in (await browser.get(page)).text) == (identity == own)
        assert "Leave voicemail" in (await owner.get(page)).text
    assert (await post_form(browser, page, f"{page}/voicemail-drop", {"greeting": ""})).status_code == 303
    said = "Only the member who placed the call, or an admin, can leave a greeting in it"
    assert said in (await browser.get(page)).text
