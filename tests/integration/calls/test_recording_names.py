"""Renaming recordings of greetings and voicemail greetings, by the API and by the pages, with audit events."""

import datetime as dt
from collections.abc import Callable
from uuid import UUID

import httpx
import pytest
import sqlalchemy as sa

from calls.greetings.models import GreetingAudio, VoicemailGreeting
from kit.db.database import Database
from kit.http.csrf import HEADER
from support.api_helpers import fields_refused
from support.audio import wav_of
from support.factories import Factory, Tenant, sign_in
from support.page_session import errors_of, page_after, post_form
from tenants.models import Role

pytestmark = pytest.mark.anyio
KINDS = {
    "audio": ("greeting_audio", "settings/incoming-calls", "recordings", "The recording is named"),
    "voicemail-greetings": ("voicemail_greeting", "voicemails/greetings", "", "The greeting is named"),
}
EACH_KIND = pytest.mark.parametrize("kind", KINDS)


def api(tenant: Tenant, rest: str) -> str:
    return f"/api/organizations/{tenant.organization.id}/{rest}"


async def add(client: httpx.AsyncClient, tenant: Tenant, kind: str, *, query: str = "") -> str:
    headers = {"content-type": "audio/wav", HEADER: client.cookies["csrftoken"]}
    answer = await client.post(api(tenant, f"{kind}?name=Old{query}"), content=wav_of(2), headers=headers)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


@EACH_KIND
async def test_a_recording_gets_another_name_by_the_api(client: httpx.AsyncClient, tenant: Tenant, kind: str) -> None:
    await sign_in(client, tenant.owner)
    recording, action = await add(client, tenant, kind), f"{KINDS[kind][0]}.renamed"
    at = api(tenant, f"{kind}/{recording}")
    for wrong in ("", "  ", "x" * 101, "a\x07"):
        refused = await client.patch(at, json={"name": wrong})
        assert fields_refused(refused) == ["name"], refused.text
    for _ in range(2):
        renamed = await client.patch(at, json={"name": " Easter "})
        assert (renamed.status_code, renamed.json()["name"]) == (200, "Easter"), renamed.text
    assert (await client.get(at)).json()["name"] == "Easter"
    # The second request changed nothing.
    (event,) = (await client.get(api(tenant, f"audit?action={action}"))).json()["items"]
    assert event["subject_name"] == "Easter"
    assert event["details"] == {"before": {"name": "Old"}, "after": {"name": "Easter"}}


@EACH_KIND
async def test_a_recording_gets_another_name_on_its_page(client: httpx.AsyncClient, tenant: Tenant, kind: str) -> None:
    await sign_in(client, tenant.owner)
    recording = await add(client, tenant, kind)
    _, path, part, said = KINDS[kind]
    page = f"/dashboard/{tenant.organization.slug}/{path}"
    action = "/".join(filter(None, (page, part, recording, "name")))
    refused = await post_form(client, page, action, {"name": "x" * 101})
    assert refused.status_code == 400
    assert errors_of(refused.text) == {"name": "A name has at most 100 characters"}
    assert f'value="{"x" * 101}"' in refused.text
    shown = await page_after(client, page, action, {"name": "<b>Easter"})
    assert f"{said} &lt;b&gt;Easter" in shown
    assert 'value="&lt;b&gt;Easter"' in shown


@EACH_KIND
async def test_no_two_recordings_get_one_name(client: httpx.AsyncClient, tenant: Tenant, kind: str) -> None:
    await sign_in(client, tenant.owner)
    added = [await add(client, tenant, kind) for _ in range(3)]
    listed = (await client.get(api(tenant, kind))).json()["items"]
    assert [each["name"] for each in listed] == ["Old 3", "Old 2", "Old"]
    at = api(tenant, f"{kind}/{added[2]}")
    refused = await client.patch(at, json={"name": "old"})
    assert [error["message"] for error in refused.json()["errors"]] == [
        "Another one is named old; choose a different name"
    ]
    for free in ("OLD 3", "Old 4"):
        assert (await client.patch(at, json={"name": free})).status_code == 200


@EACH_KIND
async def test_recordings_that_have_one_name_already_are_told_apart(
    client: httpx.AsyncClient, tenant: Tenant, database: Database, kind: str
) -> None:
    await sign_in(client, tenant.owner)
    first, second = [await add(client, tenant, kind) for _ in range(2)]
    model = GreetingAudio if kind == "audio" else VoicemailGreeting
    noon = dt.datetime(2025, 3, 14, 16, 0, tzinfo=dt.UTC)
    async with database.sessions() as session, session.begin():
        for recording, moment in ((first, noon), (second, noon + dt.timedelta(minutes=5))):
            changed = sa.update(model).where(model.id == UUID(recording))
            await session.execute(changed.values(name="Old", created_at=moment))
    shown = (await client.get(f"/dashboard/{tenant.organization.slug}/{KINDS[kind][1]}")).text
    for clock in ("12:00", "12:05"):
        assert f'aria-label="Save name of Old, 0:02, Mar 14, 2025, {clock} PM"' in shown
        assert (f">Old, 0:02, Mar 14, 2025, {clock} PM</option>" in shown) is (kind == "audio")
    # A name that was stored twice may stay, and be left.
    assert (await client.patch(api(tenant, f"{kind}/{first}"), json={"name": "Old"})).status_code == 200


async def test_members_rename_their_own_greetings_alone(
    client: httpx.AsyncClient, new_client: Callable[[], httpx.AsyncClient], make: Factory, tenant: Tenant
) -> None:
    await sign_in(client, tenant.owner)
    shared, owners = [await add(client, tenant, "voicemail-greetings", query=query) for query in ("&shared=true", "")]
    other = new_client()
    await sign_in(other, await make.member(tenant.organization, Role.MEMBER))
    own = await add(other, tenant, "voicemail-greetings")
    page = f"/dashboard/{tenant.organization.slug}/voicemails/greetings"
    for greeting, status in ((own, 200), (shared, 403), (owners, 403)):
        answer = await other.patch(api(tenant, f"voicemail-greetings/{greeting}"), json={"name": "Mine"})
        assert answer.status_code == status, answer.text
    listed = (await other.get(page)).text
    assert f'action="{page}/{own}/name"' in listed
    assert f'action="{page}/{shared}/name"' not in listed
