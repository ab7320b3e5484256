"""The dashboard's pages of voicemails: marking, deleting, and transcripts."""

import re
from uuid import uuid4

import httpx
import pytest
import sqlalchemy as sa

from calls.incoming.models import Voicemail
from calls.incoming.transcripts import TranscriptStatus
from calls.incoming.voicemails import VoicemailDetails
from dashboard.transcripts import MAX_LISTED_CHARACTERS, shown_transcript
from kit.clock import utc_now
from kit.db.database import Database
from kit.db.model import read_member
from support.callback_client import CallbackClient, new_sid
from support.factories import Tenant
from support.page_session import page_after

pytestmark = pytest.mark.anyio


def unheard_count(answer: httpx.Response) -> list[str]:
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
    assert unheard_count(await owner.get(page)) == ["1"]
    assert re.search(r'download="voicemail-\d{4}-\d\d-\d\d-\d{4}\.wav"', (await owner.get(page)).text)
    assert "The message is marked as heard" in await page_after(owner, page, f"{one}/heard", {"heard": "yes"})
    assert (await owner.get(row)).json()["heard"] is True
    assert unheard_count(await owner.get(page)) == []
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


LONG_TRANSCRIPT = "Hello, this is Dana <b>of Acme</b>. " + "Please call me back this afternoon. " * 10


@pytest.mark.parametrize(
    ("status", "text", "seconds", "listed", "whole"),
    [
        (None, None, 12, "", ""),
        ("pending", None, 12, "The transcript is not ready yet: it takes a few minutes.", ""),
        ("failed", None, 12, "The carrier could not transcribe this voicemail.", ""),
        ("failed", None, 150, "the carrier transcribes voicemails of 2 to 120 seconds only.", ""),
        ("completed", "", 12, "The carrier recognized no words.", ""),
        ("completed", "Call me back.", 12, '<p class="transcript small" dir="auto">Call me back.</p>', ""),
        ("completed", LONG_TRANSCRIPT.strip(), 60, "Dana &lt;b&gt;of Acme&lt;/b&gt;. Please", "afternoon.</p>"),
        ("completed", "سلام", 12, 'dir="auto">سلام</p>', ""),
    ],
)
async def test_a_transcript_and_its_state_are_shown(
    callbacks: CallbackClient,
    owner: httpx.AsyncClient,
    tenant: Tenant,
    database: Database,
    status: str | None,
    text: str | None,
    seconds: int,
    listed: str,
    whole: str,
) -> None:
    api, sid = f"/api/organizations/{tenant.organization.id}", new_sid()
    assert (await owner.put(f"{api}/incoming-calls", json={"voicemail": True})).status_code == 200
    await callbacks.incoming(str(tenant.number), sid)
    form = {"CallSid": sid, "RecordingSid": f"RE{sid[2:]}", "RecordingDuration": str(seconds)}
    await callbacks.send("/voice/incoming/recording", form)
    async with database.sessions() as session, session.begin():
        mine = Voicemail.owned_by(tenant.organization.id)
        await session.execute(sa.update(Voicemail).where(mine).values(transcript_status=status, transcript=text))
    (message,) = (await owner.get(f"{api}/voicemails")).json()["items"]
    assert (message["transcript_status"], message["transcript"]) == (status, text)
    messages = f"/dashboard/{tenant.organization.slug}/voicemails"
    several, one = (await owner.get(messages)).text, (await owner.get(f"{messages}/{message['id']}")).text
    assert listed in several
    assert ('class="transcript' in several) is (status is not None)
    assert (f'href="{messages}/{message["id"]}" aria-label="Whole text' in several) is bool(whole)
    assert "Whole text" not in one
    assert whole in one
    assert (whole in several) is not bool(whole)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("x" * MAX_LISTED_CHARACTERS, "x" * MAX_LISTED_CHARACTERS),
        ("x" * 500, "x" * (MAX_LISTED_CHARACTERS - 1) + "…"),
        ("word " * 100, ("word " * 32).strip() + "…"),
    ],
)
def test_a_list_shows_the_first_words(text: str, shown: str) -> None:
    message = VoicemailDetails(
        uuid4(), uuid4(), None, "+14155550100", 12, utc_now(), None, "RE1", TranscriptStatus.COMPLETED, text.strip()
    )
    assert shown_transcript(message, is_whole=False).text == shown
    assert shown_transcript(message, is_whole=True).text == text.strip()


def test_a_state_of_a_newer_release_is_no_text() -> None:
    status = read_member(TranscriptStatus, "translated")
    message = VoicemailDetails(uuid4(), uuid4(), None, "+14155550100", 12, utc_now(), None, "RE1", status, "Words")
    assert shown_transcript(message, is_whole=True).text == ""
