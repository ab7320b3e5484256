"""New names for recordings of greetings and for greetings to leave: by the API and by the pages, with their events."""

from collections.abc import Callable

import httpx
import pytest

from kit.http.csrf import HEADER
from support.api_client import fields_refused
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
