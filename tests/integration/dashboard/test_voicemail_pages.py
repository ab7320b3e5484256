"""The page of messages: marking and deleting, and what the page then says."""

import re
from uuid import uuid4

import httpx
import pytest

from kit.clock import utc_now
from support.callback_client import CallbackClient, new_sid
from support.factories import Tenant
from support.page_session import page_after

pytestmark = pytest.mark.anyio


def counted(answer: httpx.Response) -> list[str]:
    """The number beside Voicemail in the navigation."""
    return re.findall(r'<span>Voicemail</span><span class="badge ok nav-count">(\d+)', answer.text)


async def test_a_message_is_marked_and_deleted_as_the_page_says(
    callbacks: CallbackClient, owner: httpx.AsyncClient, tenant: Tenant
) -> None:
    api, sid = f"/api/organizations/{tenant.organization.id}", new_sid()
    assert (await owner.put(f"{api}/incoming-calls", json={"voicemail": True})).status_code == 200
    assert tenant.number is not None
    await callbacks.incoming(tenant.number, sid)
    form = {"CallSid": sid, "RecordingSid": "RE" + "5" * 32, "RecordingDuration": "7", "RecordingStatus": "completed"}
    await callbacks.send("/voice/incoming/recording", form)
    await callbacks.event(sid, "completed", utc_now(), CallDuration="20")
    (message,) = (await owner.get(f"{api}/voicemails")).json()["items"]
    page = f"/dashboard/{tenant.organization.slug}/voicemails"
    one, row = f"{page}/{message['id']}", f"{api}/voicemails/{message['id']}"

    # The call leads to its message, in both lists and on its page; the navigation counts it.
    calls = f"/dashboard/{tenant.organization.slug}/calls"
    for address in (calls, f"{calls}?direction=missed", f"{calls}/{message['call']}"):
        assert f'<a href="{one}">Listen to the message</a>' in (await owner.get(address)).text
    assert counted(await owner.get(page)) == ["1"]
    assert re.search(r'download="voicemail-\d{4}-\d\d-\d\d-\d{4}\.wav"', (await owner.get(page)).text)
    assert "The message is marked as heard" in await page_after(owner, page, f"{one}/heard", {"heard": "yes"})
    assert (await owner.get(row)).json()["heard"] is True
    assert counted(await owner.get(page)) == []
    assert "The message is marked as unheard" in await page_after(owner, page, f"{one}/heard", {"heard": "no"})
    assert (await owner.get(row)).json()["heard"] is False
    # A press deletes nothing: the button asks first, by a dialog or, without scripts, by a page.
    shown = (await owner.get(page)).text
    assert f'<form class="inline" method="get" action="{one}/delete" data-confirm="delete-voicemail"' in shown
    assert f'method="post" action="{one}/delete"' not in shown
    asked = (await owner.get(f"{one}/delete")).text
    assert "Delete the message from +1 212-555-0160?" in asked
    assert f'method="post" action="{one}/delete"' in asked
    assert (await owner.get(row)).status_code == 200
    assert "The message is deleted; the carrier deletes its copy within minutes" in await page_after(
        owner, page, f"{one}/delete"
    )
    assert (await owner.get(row)).status_code == 404
    # A tab that was opened before still has the buttons.
    for action in ("/delete", "/heard"):
        assert "This voicemail was deleted already" in await page_after(owner, page, f"{one}{action}")
    for address in (one, f"{one}/delete"):
        gone = await owner.get(address)
        assert (gone.status_code, gone.headers["location"]) == (303, page)
    assert (await owner.get(f"{page}/{uuid4()}")).status_code == 404
