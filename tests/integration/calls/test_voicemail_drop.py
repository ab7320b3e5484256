"""Voicemail greetings of members and of the organization, and voicemail drop by the API and the pages."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from litestar import Litestar

from calls.greetings.models import VoicemailGreeting
from calls.models import Call
from carrier.port import CARRIER, CarrierUnavailable
from carrier.twilio import TwilioCarrier
from kit.clock import utc_now
from kit.db.database import Database
from kit.settings import Settings
from support.audio import read_wav, wav_of
from support.callback_client import CallbackClient, new_sid
from support.factories import Factory, Tenant, Token, sign_in
from support.page_session import post_form
from tenants.models import Role

pytestmark = pytest.mark.anyio
GREETING = wav_of(2)


class PlayingCarrier(TwilioCarrier):
    """The carrier adapter for legs that the sandbox does not know: it only notes what is played."""

    failure: Exception | None = None

    async def play_and_hang_up(self, leg_sid: str, url: str) -> None:
        if self.failure is not None:
            raise self.failure
        self.played = (leg_sid, url)


@pytest.fixture
def playing(app: Litestar, settings: Settings) -> Iterator[PlayingCarrier]:
    before = CARRIER.get(app)
    carrier = PlayingCarrier(settings.twilio, api_base=f"http://{settings.sandbox_address}", signaling=None)
    app.state.update([CARRIER.entry(carrier)])
    yield carrier
    app.state.update([CARRIER.entry(before)])


def api(tenant: Tenant, rest: str = "voicemail-greetings") -> str:
    return f"/api/organizations/{tenant.organization.id}/{rest}"


async def add(client: httpx.AsyncClient, tenant: Tenant, **query: str) -> dict[str, Any]:
    answer = await client.post(api(tenant), params=query, content=GREETING, headers={"content-type": "audio/wav"})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def connect(callbacks: CallbackClient, token: Token, *, until: str = "in-progress") -> tuple[str, str]:
    """Place a call; return the carrier's ids of its two legs."""
    sid, child = new_sid(), new_sid()
    assert "<Dial" in (await callbacks.outgoing(token.id, sid)).text
    for sequence, status in enumerate(("initiated", "ringing", "in-progress")):
        await callbacks.event(sid, status, utc_now() - dt.timedelta(seconds=20), child=child, sequence=sequence)
        if status == until:
            break
    return sid, child


async def only_call(owner: httpx.AsyncClient, tenant: Tenant) -> dict[str, Any]:
    (call,) = (await owner.get(api(tenant, "calls"))).json()["items"]
    return dict(call)


async def test_a_voicemail_drop_ends_the_agents_call_and_the_mailbox_leg_is_billed(
    owner: httpx.AsyncClient,
    client: httpx.AsyncClient,
    tenant: Tenant,
    token: Token,
    callbacks: CallbackClient,
    playing: PlayingCarrier,
    database: Database,
) -> None:
    shared, own = await add(owner, tenant, shared="true"), await add(owner, tenant, name="Mine")
    assert (shared["shared"], own["shared"]) == (True, False)
    sid, child = await connect(callbacks, token)
    call = await only_call(owner, tenant)
    left = await owner.post(api(tenant, f"calls/{call['id']}/voicemail-drop"), json={})
    assert left.status_code == 200, left.text
    assert (left.json()["status"], left.json()["end_reason"]) == ("completed", "voicemail_dropped")
    assert 19 <= left.json()["duration"] < 60
    leg, url = playing.played
    assert leg == child
    assert read_wav((await client.get(url)).content)[0] == 8000

    # The parent leg ends at once, the mailbox's leg at the end of the recording.
    dial_ended = {"CallSid": sid, "DialCallSid": child, "DialCallStatus": "completed", "CallStatus": "in-progress"}
    await callbacks.send("/voice/dial-ended", dial_ended)
    await callbacks.event(sid, "completed", utc_now(), CallDuration="21")
    assert await only_call(owner, tenant) == left.json()
    await callbacks.event(sid, "completed", utc_now(), child=child, sequence=3, CallDuration="130")
    assert await only_call(owner, tenant) == left.json()
    async with database.sessions() as session:
        query = sa.select(Call.billed_minutes, Call.reserved_until).where(Call.carrier_sid == sid)
        assert (await session.execute(query)).one() == (3, None)
    detail = (await owner.get(api(tenant, f"calls/{call['id']}"))).json()
    assert "voicemail-dropped" in str(detail)
    page = (await owner.get(f"/dashboard/{tenant.organization.slug}/calls/{call['id']}")).text
    assert "A recorded greeting was left in the mailbox" in page
    assert "Recorded greeting left in the mailbox" in page
    again = await owner.post(api(tenant, f"calls/{call['id']}/voicemail-drop"), json={})
    assert (again.status_code, again.json()["code"]) == (409, "call_not_connected")
    filtered = (await owner.get(api(tenant, "calls?end_reason=voicemail_dropped"))).json()["items"]
    assert [row["id"] for row in filtered] == [call["id"]]


async def test_only_a_connected_call_and_an_existing_greeting_will_do(
    owner: httpx.AsyncClient, tenant: Tenant, token: Token, callbacks: CallbackClient, playing: PlayingCarrier
) -> None:
    await connect(callbacks, token, until="ringing")
    drop = api(tenant, f"calls/{(await only_call(owner, tenant))['id']}/voicemail-drop")
    assert (await owner.post(drop, json={})).json()["code"] == "call_not_connected"
    assert (await owner.get(api(tenant))).json()["items"] == []


async def test_without_a_greeting_or_the_carrier_the_call_goes_on(
    owner: httpx.AsyncClient, tenant: Tenant, token: Token, callbacks: CallbackClient, playing: PlayingCarrier
) -> None:
    await connect(callbacks, token)
    drop = api(tenant, f"calls/{(await only_call(owner, tenant))['id']}/voicemail-drop")
    none = await owner.post(drop, json={})
    assert (none.status_code, none.json()["code"]) == (409, "no_voicemail_greeting")
    assert (await owner.post(drop, json={"greeting_id": "01997f3e-5c1a-7b3e-9d2f-3a5c8e7f1b24"})).status_code == 404
    await add(owner, tenant)
    playing.failure = CarrierUnavailable("down")
    down = await owner.post(drop, json={})
    assert (down.status_code, down.json()["code"]) == (503, "carrier_unavailable")
    assert (await only_call(owner, tenant))["status"] == "in-progress"


async def test_a_members_own_greetings_are_hidden_from_others_and_deleted_with_the_membership(
    owner: httpx.AsyncClient,
    new_client: Any,
    tenant: Tenant,
    make: Factory,
    database: Database,
) -> None:
    shared = await add(owner, tenant, shared="true", name="For all")
    user = await make.member(tenant.organization, Role.MEMBER)
    member = await sign_in(new_client(), user)
    own = await add(member, tenant, name="Mine")
    refused = await member.post(f"{api(tenant)}?shared=true", content=GREETING)
    assert (refused.status_code, refused.json()["code"]) == (403, "role_too_low")
    assert [row["name"] for row in (await member.get(api(tenant))).json()["items"]] == ["Mine", "For all"]
    assert [row["name"] for row in (await owner.get(api(tenant))).json()["items"]] == ["For all"]
    assert (await owner.get(api(tenant, f"voicemail-greetings/{own['id']}/content"))).status_code == 404
    assert (await member.delete(api(tenant, f"voicemail-greetings/{shared['id']}"))).status_code == 403
    heard = await member.get(api(tenant, f"voicemail-greetings/{own['id']}/content"))
    assert read_wav(heard.content)[0] == 8000
    members = (await owner.get(api(tenant, "members"))).json()["items"]
    (membership,) = [row["id"] for row in members if row["email"] == user.email]
    assert (await owner.delete(api(tenant, f"members/{membership}"))).status_code == 204
    async with database.sessions() as session:
        mine = VoicemailGreeting.owned_by(tenant.organization.id)
        assert list(await session.scalars(sa.select(VoicemailGreeting.name).where(mine))) == ["For all"]


async def test_the_pages_list_remove_and_leave_greetings(
    owner: httpx.AsyncClient, tenant: Tenant, token: Token, callbacks: CallbackClient, playing: PlayingCarrier
) -> None:
    base = f"/dashboard/{tenant.organization.slug}"
    first, second = await add(owner, tenant, name="Old"), await add(owner, tenant, name="Call me back")
    listed = await owner.get(f"{base}/voicemails/greetings")
    assert "microphone=(self)" in listed.headers["permissions-policy"]
    assert f'src="{api(tenant)}/{second["id"]}/content"' in listed.text
    # A press removes nothing: the button asks first, by a dialog or, without scripts, by a page.
    remove = f"{base}/voicemails/greetings/{first['id']}/remove"
    assert f'<form class="inline" method="get" action="{remove}" data-confirm="remove-greeting"' in listed.text
    assert f'method="post" action="{remove}"' not in listed.text
    assert "Remove the greeting Old?" in (await owner.get(remove)).text
    removed = await post_form(owner, f"{base}/voicemails/greetings", remove, {})
    assert removed.status_code == 303
    assert "The greeting is removed" in (await owner.get(f"{base}/voicemails/greetings")).text
    _, child = await connect(callbacks, token)
    page = f"{base}/calls/{(await only_call(owner, tenant))['id']}"
    assert "Leave voicemail" in (await owner.get(page)).text
    left = await post_form(owner, page, f"{page}/voicemail-drop", {"greeting": second["id"]})
    assert left.status_code == 303
    assert playing.played[0] == child
    after = (await owner.get(page)).text
    assert "The mailbox hears the greeting. The call has ended for you" in after
    assert "Leave voicemail" not in after
    late = await post_form(owner, page, f"{page}/voicemail-drop", {"greeting": second["id"]})
    assert late.status_code == 303
    assert "A greeting can be left only in an outgoing call that is connected" in (await owner.get(page)).text
