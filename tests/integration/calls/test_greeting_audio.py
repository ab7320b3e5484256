"""``…/audio``: recordings for greetings, uploaded, decoded, kept as 8 kHz mono, and played to callers."""

import datetime as dt
import io
import re
import struct
import zipfile
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from calls.greetings.audio_decoder_process import MAX_FILE_BYTES
from calls.greetings.audio_urls import AudioUrls
from calls.greetings.models import GreetingAudio
from kit.clock import utc_now
from kit.db.database import Database
from kit.http.csrf import HEADER
from kit.secret_keys import SecretKeys
from kit.settings import Settings
from support.api_helpers import fields_refused
from support.audio import loudness, mp3_of, read_wav, wav_of
from support.callback_client import CallbackClient, new_sid
from support.factories import Factory, Tenant, sign_in
from support.page_session import post_form
from tenants.models import Role

pytestmark = pytest.mark.anyio
WHOLE = wav_of(2)
NO_AUDIO = "This file cannot be played. Upload a WAV or MP3 file"
REFUSED: Mapping[str, tuple[bytes, str]] = {
    "text": (b"<html>not a sound</html>" * 100, NO_AUDIO),
    "nothing": (b"", "Send a WAV or MP3 file"),
    "a zip file": (b"PK\x03\x04" + WHOLE, NO_AUDIO),
    "channels beyond reason": (WHOLE[:22] + struct.pack("<H", 65535) + WHOLE[24:], NO_AUDIO),
    "too long": (
        wav_of(121, rate=8000),
        "The recording is longer than 2 minutes. Make it shorter, and upload it again",
    ),
    "a day by its header": (
        WHOLE[:24] + struct.pack("<I", 1) + WHOLE[28:],
        "The recording is longer than 2 minutes. Make it shorter, and upload it again",
    ),
    "too short": (wav_of(0.4), "The recording is shorter than 1 second. Record it again"),
    "silence": (
        wav_of(2, amplitude=20),
        "Nothing can be heard in this recording. Check the microphone, and record it again",
    ),
    "half a WAV file": (
        WHOLE[: len(WHOLE) // 2],
        "The file ends before the recording does. Save it again, and upload the whole file",
    ),
    "gigabytes by its header": (
        WHOLE[:40] + struct.pack("<I", 0xFFFFFFF0) + WHOLE[44:],
        "The file ends before the recording does. Save it again, and upload the whole file",
    ),
    "half an MP3 file": (
        mp3_of(4)[:16_000],
        "The file ends before the recording does. Save it again, and upload the whole file",
    ),
}


def api(tenant: Tenant, rest: str = "audio") -> str:
    return f"/api/organizations/{tenant.organization.id}/{rest}"


async def upload(client: httpx.AsyncClient, tenant: Tenant, content: bytes = WHOLE, name: str = "") -> dict[str, Any]:
    answer = await client.post(f"{api(tenant)}?name={name}", content=content, headers={"content-type": "audio/wav"})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


@pytest.mark.parametrize(
    "content", [wav_of(2, rate=44_100, channels=2), mp3_of(2), wav_of(2, rate=8000)], ids=["stereo", "MP3", "as kept"]
)
async def test_a_recording_is_kept_as_8_khz_mono_and_listened_to_in_parts(
    owner: httpx.AsyncClient, tenant: Tenant, content: bytes
) -> None:
    added = await upload(owner, tenant, content, "Holidays")
    assert (added["name"], added["seconds"], added["used"]) == ("Holidays", 2, False)
    one = api(tenant, f"audio/{added['id']}")
    heard = await owner.get(f"{one}/content")
    assert heard.headers["content-type"] == "audio/wav"
    rate, channels, samples = read_wav(heard.content)
    assert (rate, channels) == (8000, 1)
    assert abs(len(samples) - 16_000) < 800
    assert 0.9 < loudness(samples) / (8000 / 2**0.5) < 1.1
    part = await owner.get(f"{one}/content", headers={"range": "bytes=0-3"})
    assert (part.status_code, part.content) == (206, b"RIFF")
    assert (await owner.get(one)).json() == added
    assert (await owner.get(api(tenant))).json() == {"items": [added], "next_cursor": None}


@pytest.mark.parametrize("case", REFUSED)
async def test_what_is_no_usable_recording_is_refused_with_a_sentence(
    owner: httpx.AsyncClient, tenant: Tenant, case: str
) -> None:
    content, sentence = REFUSED[case]
    answer = await owner.post(api(tenant), content=content, headers={"content-type": "audio/wav"})
    assert (answer.status_code, fields_refused(answer)) == (400, ["file"])
    assert answer.json()["errors"][0]["message"] == sentence
    assert (await owner.get(api(tenant))).json()["items"] == []


async def test_a_file_of_more_than_10_mb_is_not_read(owner: httpx.AsyncClient, tenant: Tenant) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield bytes(1024 * 1024)

    as_form = {"file": ("long.wav", bytes(MAX_FILE_BYTES + 1))}
    for answer in (
        await owner.post(api(tenant), content=bytes(MAX_FILE_BYTES + 20_000)),
        await owner.post(api(tenant), content=endless()),
        await owner.post(api(tenant), files=as_form),
    ):
        assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
        assert answer.json()["detail"].startswith("The file is larger than 10 MB.")


async def test_a_form_with_a_file_is_read_too_and_names_the_recording(owner: httpx.AsyncClient, tenant: Tenant) -> None:
    answer = await owner.post(api(tenant), files={"file": ("C:\\Sounds\\Summer.wav", WHOLE, "audio/wav")})
    assert (answer.status_code, answer.json()["name"]) == (201, "Summer")
    for content, kind in ((b"--x\r\n", "multipart/form-data; boundary=x"), (b"", "multipart/form-data")):
        refused = await owner.post(api(tenant), content=content, headers={"content-type": kind})
        assert (refused.status_code, refused.json()["code"]) == (400, "malformed_request")
    long_name = await owner.post(f"{api(tenant)}?name={'x' * 101}", content=WHOLE)
    assert fields_refused(long_name) == ["name"]


async def test_a_greeting_plays_its_recording_from_a_signed_address(
    owner: httpx.AsyncClient, client: httpx.AsyncClient, tenant: Tenant, callbacks: CallbackClient, settings: Settings
) -> None:
    recording = await upload(owner, tenant)
    greeting = {"audio_id": recording["id"]}
    saved = await owner.put(api(tenant, "incoming-calls"), json={"greeting": greeting})
    assert (saved.status_code, saved.json()["greeting"]) == (200, greeting), saved.text
    assert (await owner.put(api(tenant, "incoming-calls"), json=saved.json())).json() == saved.json()
    assert tenant.number is not None
    answer = await callbacks.incoming(tenant.number, new_sid())
    assert "Thank you for calling" not in answer.text
    (url,) = re.findall(r"<Gather[^>]*><Play>([^<]*)</Play><Say", answer.text)
    assert url.startswith(f"{settings.public_url}/voice/audio/")
    played = await client.get(url)
    assert (played.status_code, played.headers["content-type"]) == (200, "audio/wav")
    assert read_wav(played.content)[0] == 8000
    other = "A" if url[-60] != "A" else "B"
    for forged in (f"{url}x", f"{url[:-60]}{other}{url[-59:]}", url.rpartition(".")[0]):
        assert (await client.get(forged)).status_code == 404, forged


async def test_an_address_expires_and_another_secret_signs_none(settings: Settings, tenant: Tenant) -> None:
    links, now = AudioUrls(settings.secret_keys, settings.public_url), utc_now()
    name = links.url(tenant.organization.id, tenant.organization.id, now).rpartition("/")[2]
    assert links.read(name, now + dt.timedelta(minutes=59)) is not None
    assert links.read(name, now + dt.timedelta(hours=2)) is None
    assert AudioUrls(SecretKeys("another"), settings.public_url).read(name, now) is None


async def test_a_recording_in_use_stays_and_another_one_is_removed(
    owner: httpx.AsyncClient, tenant: Tenant, make: Factory
) -> None:
    used, other = await upload(owner, tenant), await upload(owner, tenant, name="Other")
    later = {"greeting": {"audio_id": used["id"], "language": "de-DE"}}
    assert (await owner.put(api(tenant, "incoming-calls"), json={"after_hours": later})).status_code == 200
    assert (await owner.get(api(tenant, f"audio/{used['id']}"))).json()["used"] is True
    kept = await owner.delete(api(tenant, f"audio/{used['id']}"))
    assert (kept.status_code, kept.json()["code"]) == (409, "audio_in_use")
    assert (await owner.delete(api(tenant, f"audio/{other['id']}"))).status_code == 204
    assert (await owner.get(api(tenant, f"audio/{other['id']}/content"))).status_code == 404
    actions = {
        row["action"] for row in (await owner.get(api(tenant, "audit?action=greeting_audio.added"))).json()["items"]
    }
    assert actions == {"greeting_audio.added"}


@pytest.mark.parametrize(
    "greeting",
    [{}, {"audio_id": "01997f3e-5c1a-7b3e-9d2f-3a5c8e7f1b24"}, {"audio_id": "no id"}, {"language": "en-US"}],
    ids=["nothing", "an unknown one", "no id", "a language alone"],
)
async def test_a_greeting_needs_a_text_or_a_recording_that_exists(
    owner: httpx.AsyncClient, tenant: Tenant, greeting: dict[str, str]
) -> None:
    refused = await owner.put(api(tenant, "incoming-calls"), json={"greeting": greeting})
    assert fields_refused(refused) == ["greeting"]


async def test_a_greeting_has_not_both_and_no_recording_of_others(
    owner: httpx.AsyncClient, tenant: Tenant, make: Factory, database: Database
) -> None:
    own = await upload(owner, tenant)
    both = {"greeting": {"text": "Hello", "audio_id": own["id"]}}
    assert fields_refused(await owner.put(api(tenant, "incoming-calls"), json=both)) == ["greeting"]
    foreign = GreetingAudio(organization_id=(await make.tenant()).organization.id, name="x", seconds=1, wav=b"RIFF")
    async with database.sessions() as session, session.begin():
        session.add(foreign)
    others = {"greeting": {"audio_id": str(foreign.id)}}
    assert fields_refused(await owner.put(api(tenant, "incoming-calls"), json=others)) == ["greeting"]


async def test_at_most_20_recordings_are_kept(owner: httpx.AsyncClient, tenant: Tenant, database: Database) -> None:
    rows = [
        GreetingAudio(organization_id=tenant.organization.id, name=str(number), seconds=1, wav=b"RIFF")
        for number in range(20)
    ]
    async with database.sessions() as session, session.begin():
        session.add_all(rows)
    refused = await owner.post(api(tenant), content=WHOLE)
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_recordings")


async def test_a_member_listens_and_adds_nothing(client: httpx.AsyncClient, tenant: Tenant, make: Factory) -> None:
    await sign_in(client, await make.member(tenant.organization, Role.MEMBER))
    assert (await client.get(api(tenant))).status_code == 200
    assert (await client.post(api(tenant), content=WHOLE)).json()["code"] == "role_too_low"


async def changes(owner: httpx.AsyncClient, tenant: Tenant) -> list[Any]:
    """The audit events about settings of incoming calls, newest first."""
    answer = await owner.get(api(tenant, "audit?action=incoming_calls.changed"))
    found: list[Any] = answer.json()["items"]
    return found


async def test_a_recording_leaves_the_text_in_the_form(owner: httpx.AsyncClient, tenant: Tenant) -> None:
    page, recording = f"/dashboard/{tenant.organization.slug}/settings/incoming-calls", await upload(owner, tenant)
    texts = {"greeting": "My text.", "later_greeting": "We are closed.", "language": "en-GB"}
    both = {**texts, "recording": recording["id"], "later_recording": recording["id"]}
    assert (await post_form(owner, page, f"{page}/greeting", both)).status_code == 303
    played = {"audio_id": recording["id"], "language": "en-GB"}
    settings = (await owner.get(api(tenant, "incoming-calls"))).json()
    assert (settings["greeting"], settings["after_hours"]["greeting"]) == (played, played)
    shown = (await owner.get(page)).text
    assert "My text.</textarea>" in shown
    assert "We are closed.</textarea>" in shown
    # A change of a text that is not played is an event too, with the name of the text alone.
    edited = {**both, "later_greeting": "Closed till Monday."}
    for form, changed in ((edited, ["after_hours_text"]), (edited, None), (both, ["after_hours_text"])):
        events = len(await changes(owner, tenant))
        assert (await post_form(owner, page, f"{page}/greeting", form)).status_code == 303
        after = await changes(owner, tenant)
        assert len(after) == events + (changed is not None)
        if changed is not None:
            assert after[0]["details"] == {"changed": changed, "before": {}, "after": {}}
    assert (
        "Greeting text outside the hours (not used while a recording is played)"
        in (await owner.get(f"/dashboard/{tenant.organization.slug}/audit")).text
    )
    # Neither the other forms nor the API know of the texts.
    assert (await post_form(owner, page, f"{page}/voicemail", {"voicemail": "yes"})).status_code == 303
    settings = (await owner.get(api(tenant, "incoming-calls"))).json()
    confirmed = {HEADER: owner.cookies["csrftoken"]}
    put = await owner.put(api(tenant, "incoming-calls"), json=settings, headers=confirmed)
    assert put.status_code == 200, put.text
    assert "My text.</textarea>" in (await owner.get(page)).text

    without = {**settings, "greeting": None}
    put = await owner.put(api(tenant, "incoming-calls"), json=without, headers=confirmed)
    assert put.status_code == 200, put.text
    shown = (await owner.get(page)).text
    assert "My text." not in shown
    assert "We are closed.</textarea>" in shown
    refused = await post_form(owner, page, f"{page}/greeting", {**both, "greeting": "x" * 1001})
    assert refused.status_code == 400
    assert "A greeting has at most 1000 characters" in refused.text


async def test_the_page_lists_plays_chooses_and_removes_recordings(owner: httpx.AsyncClient, tenant: Tenant) -> None:
    page = f"/dashboard/{tenant.organization.slug}/settings/incoming-calls"
    used, other = await upload(owner, tenant, name="Holidays"), await upload(owner, tenant, name="Old")
    chosen = {"recording": used["id"], "language": "en-GB", "press_9": "yes"}
    saved = await post_form(owner, page, f"{page}/greeting", chosen)
    assert saved.status_code == 303, saved.text
    shown = await owner.get(page)
    assert "microphone=(self)" in shown.headers["permissions-policy"]
    assert "media-src 'self'" in shown.headers["content-security-policy"]
    assert "Greeting saved: callers hear your recording, and may press 9" in shown.text
    assert f'<option value="{used["id"]}" selected>Holidays, 0:02, ' in shown.text
    assert f'src="{api(tenant)}/{other["id"]}/content"' in shown.text
    stays = await post_form(owner, page, f"{page}/recordings/{used['id']}/remove", {})
    assert stays.status_code == 303
    assert "A greeting plays this recording. Choose another greeting first" in (await owner.get(page)).text
    # A press removes nothing: the button asks first, by a dialog or, without scripts, by a page.
    remove = f"{page}/recordings/{other['id']}/remove"
    assert f'<form class="inline" method="get" action="{remove}" data-confirm="remove-recording"' in shown.text
    assert f'method="post" action="{remove}"' not in shown.text
    asked = (await owner.get(remove)).text
    assert "Remove the recording Old?" in asked
    assert f'method="post" action="{remove}"' in asked
    await post_form(owner, page, remove, {})
    assert "The recording is removed" in (await owner.get(page)).text
    assert [row["id"] for row in (await owner.get(api(tenant))).json()["items"]] == [used["id"]]
    wrong = await post_form(owner, page, f"{page}/greeting", {**chosen, "recording": "x"})
    assert wrong.status_code == 400
    assert "Choose a recording of the list" in wrong.text


async def test_the_export_has_the_sound_and_erasing_the_organization_deletes_it(
    owner: httpx.AsyncClient, tenant: Tenant, database: Database
) -> None:
    added = await upload(owner, tenant)
    settings = f"/dashboard/{tenant.organization.slug}/settings"
    exported = await post_form(owner, f"{settings}/organization", f"{settings}/organization/export", {})
    with zipfile.ZipFile(io.BytesIO(exported.content)) as archive:
        assert read_wav(archive.read(f"recordings/{added['id']}.wav"))[0] == 8000
        assert "Recording" in archive.read("recordings.csv").decode()
    async with database.sessions() as session, session.begin():
        await session.execute(sa.text("DELETE FROM organization WHERE id = :id"), {"id": tenant.organization.id})
        mine = GreetingAudio.owned_by(tenant.organization.id)
        assert await session.scalar(sa.select(sa.func.count()).select_from(GreetingAudio).where(mine)) == 0
