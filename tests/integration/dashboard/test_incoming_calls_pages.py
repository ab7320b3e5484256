"""Settings page **Incoming calls**: each form saves its part and leaves the others."""

import asyncio
from uuid import UUID, uuid4

import httpx
import pytest
import sqlalchemy as sa

from calls.incoming.answer_settings import AnswerSettings
from conftest import NewClient
from dashboard.incoming_calls_forms import apply_voicemail
from kit.db.database import Database
from kit.e164 import readable
from kit.http.forms import Form
from support.factories import Factory, Tenant, sign_in
from support.page_session import errors_of, message_after, page_after
from support.waiting import wait_until
from tenants.models import Role
from tenants.services import OrganizationService

pytestmark = pytest.mark.anyio
WEEK = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "9:00-12:00, 13:00-17:30")
HOURS = {"time_zone": "America/Chicago", **WEEK, "sat": "", "sun": "", "holiday_country": "US", "days": "2026-12-24"}
GREETING = {"greeting": "Acme here.", "language": "en-GB", "later_greeting": "We are closed."}
PHONES = {"forward_to": "(212) 555-0144\n+12125550145", "forward_mode": "in-turn", "ring_seconds": "25"}


def page(tenant: Tenant) -> str:
    return f"/dashboard/{tenant.organization.slug}/settings/incoming-calls"


async def save(client: httpx.AsyncClient, tenant: Tenant, part: str, form: dict[str, str]) -> httpx.Response:
    return await client.post(f"{page(tenant)}/{part}", data={**form, "csrf_token": client.cookies["csrftoken"]})


async def test_three_forms_save_the_settings_that_the_api_shows(owner: httpx.AsyncClient, tenant: Tenant) -> None:
    first = (await owner.get(page(tenant))).text
    assert all(f">{label}</button>" in first for label in ("Save hours", "Save greeting", "Save phones"))
    for part, form in (("hours", HOURS), ("greeting", GREETING), ("phones", PHONES)):
        saved = await save(owner, tenant, part, form)
        assert (saved.status_code, saved.headers["location"]) == (303, page(tenant)), saved.text
    settings = (await owner.get(f"/api/organizations/{tenant.organization.id}/incoming-calls")).json()
    assert settings["hours"][:2] == [
        {"day": "mon", "from": "09:00", "to": "12:00"},
        {"day": "mon", "from": "13:00", "to": "17:30"},
    ]
    assert (settings["time_zone"], settings["holidays"]) == (
        "America/Chicago",
        {"country": "US", "days": ["2026-12-24"]},
    )
    assert settings["greeting"] == {"text": "Acme here.", "language": "en-GB"}
    assert settings["after_hours"]["greeting"] == {"text": "We are closed.", "language": "en-GB"}
    assert (settings["forward_to"], settings["ring_seconds"]) == (["+12125550144", "+12125550145"], 25)
    assert settings["press_9"] is False
    shown = (await owner.get(page(tenant))).text
    assert "09:00-12:00, 13:00-17:30" in shown
    assert "Acme here." in shown


async def test_two_forms_that_are_sent_at_once_are_both_saved(
    owner: httpx.AsyncClient, tenant: Tenant, database: Database
) -> None:
    await owner.get(page(tenant))
    waiting = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    async with database.sessions() as session, session.begin():
        await OrganizationService(session).lock(tenant.organization.id)
        saves = [
            asyncio.create_task(save(owner, tenant, part, form))
            for part, form in (("greeting", GREETING), ("phones", PHONES))
        ]

        async def both_wait() -> bool:
            async with database.sessions() as other:
                return (await other.scalar(waiting) or 0) >= len(saves)

        await wait_until(both_wait)
    assert [saved.status_code for saved in await asyncio.gather(*saves)] == [303, 303]
    settings = (await owner.get(f"/api/organizations/{tenant.organization.id}/incoming-calls")).json()
    assert (settings["greeting"]["text"], len(settings["forward_to"])) == ("Acme here.", 2)


async def test_a_wrong_ring_time_and_wrong_phones_are_shown_together(owner: httpx.AsyncClient, tenant: Tenant) -> None:
    await owner.get(page(tenant))
    wrong = {**PHONES, "ring_seconds": "soon", "forward_to": "911", "later_forward_to": "+442079460018"}
    refused = await save(owner, tenant, "phones", wrong)
    assert refused.status_code == 400
    assert errors_of(refused.text).keys() == {"ring_seconds", "forward_to", "later_forward_to"}
    assert 'value="soon"' in refused.text


@pytest.mark.parametrize(
    ("part", "form", "sentence"),
    [
        ("hours", {**HOURS, "tue": "nine to five"}, "Tuesday: write hours like 09:00-17:30"),
        ("hours", {**HOURS, "tue": "09:00-09:00"}, "Tuesday: give two different times"),
        ("hours", {**HOURS, "days": "Christmas"}, "Write days like 2026-12-24"),
        ("hours", {**HOURS, "time_zone": "Mars"}, "Choose a time zone"),
        ("greeting", {**GREETING, "later_greeting": "x" * 1001}, "A greeting has at most 1000 characters"),
        ("phones", {**PHONES, "forward_to": "911"}, "Emergency numbers cannot be called"),
        ("phones", {**PHONES, "later_forward_to": "+442079460018"}, "are not enabled"),
        ("phones", {**PHONES, "ring_seconds": "soon"}, "Enter whole seconds"),
    ],
)
async def test_an_error_is_shown_at_its_field(
    owner: httpx.AsyncClient, tenant: Tenant, part: str, form: dict[str, str], sentence: str
) -> None:
    await owner.get(page(tenant))
    refused = await save(owner, tenant, part, form)
    assert refused.status_code == 400
    assert sentence in refused.text
    assert 'aria-invalid="true"' in refused.text


@pytest.mark.parametrize(
    ("part", "form"), [("greeting", {**GREETING, "press_9": "a\x00b"}), ("voicemail", {"voicemail": "a\x00b"})]
)
async def test_an_error_of_a_checkbox_is_shown_in_its_form(
    owner: httpx.AsyncClient, tenant: Tenant, part: str, form: dict[str, str]
) -> None:
    await owner.get(page(tenant))
    refused = await save(owner, tenant, part, form)
    assert refused.status_code == 400
    assert "Control characters are not allowed" in refused.text


async def test_a_checkbox_of_a_member_who_left_is_explained(owner: httpx.AsyncClient, tenant: Tenant) -> None:
    await owner.get(page(tenant))
    refused = await save(owner, tenant, "voicemail", {"voicemail": "yes", f"notify-{UUID(int=1)}": "yes"})
    assert (refused.status_code, refused.headers["location"]) == (303, page(tenant))
    assert "The list of members changed meanwhile" in (await owner.get(page(tenant))).text
    await save(owner, tenant, "voicemail", {"voicemail": "yes"})
    assert (
        "callers can leave a message within the hours, and nobody gets a mail" in (await owner.get(page(tenant))).text
    )


def test_members_whom_the_form_does_not_list_are_notified_as_before() -> None:
    listed, ticked, unlisted = (UUID(int=number) for number in (1, 2, 3))
    members = {"notify-1": listed, "notify-2": ticked}
    form = Form({"voicemail": "yes", "later_voicemail": "", "transcribe": "", "notify-1": "", "notify-2": "yes"})
    after = apply_voicemail(form, AnswerSettings(notify=[listed, unlisted]), members)
    assert after.notify == [unlisted, ticked]


async def test_a_member_reads_the_answer(client: httpx.AsyncClient, tenant: Tenant, make: Factory) -> None:
    await sign_in(client, await make.member(tenant.organization, Role.MEMBER))
    shown = (await client.get(page(tenant))).text
    assert "Always open" in shown
    assert "Save hours" not in shown


async def test_a_number_has_a_page_and_settings_of_its_own(owner: httpx.AsyncClient, tenant: Tenant) -> None:
    for part, form in (("hours", HOURS), ("greeting", GREETING), ("phones", PHONES)):
        assert (await save(owner, tenant, part, form)).status_code == 303
    api = f"/api/organizations/{tenant.organization.id}"
    (number,) = (await owner.get(f"{api}/phone-numbers")).json()["items"]
    organization_url, own_url = f"{api}/incoming-calls", f"{api}/phone-numbers/{number['id']}/incoming-calls"
    number_page = f"{page(tenant)}/{number['id']}"
    assert f'href="{number_page}"' in (await owner.get(page(tenant))).text
    assert "Save hours" not in (await owner.get(number_page)).text
    refused = await save(owner, tenant, f"{number['id']}/hours", HOURS)
    assert (refused.status_code, refused.headers["location"]) == (303, number_page)
    assert (await owner.get(own_url)).json() is None

    notice = await message_after(owner, number_page, f"{number_page}/own")
    assert f"{readable(number['number'])} has its own settings now, a copy of the organization's" in notice
    assert (await owner.get(own_url)).json() == (await owner.get(organization_url)).json()
    for part, form in (
        ("hours", {**HOURS, "mon": ""}),
        ("greeting", {**GREETING, "greeting": "This line."}),
        ("phones", {**PHONES, "ring_seconds": "30"}),
        ("voicemail", {"voicemail": "yes"}),
    ):
        saved = await save(owner, tenant, f"{number['id']}/{part}", form)
        assert (saved.status_code, saved.headers["location"]) == (303, number_page), saved.text
    wrong = await save(owner, tenant, f"{number['id']}/phones", {**PHONES, "forward_to": "911"})
    assert (wrong.status_code, f'action="{number_page}/phones"' in wrong.text) == (400, True)
    settings, others = (await owner.get(own_url)).json(), (await owner.get(organization_url)).json()
    assert (settings["greeting"]["text"], others["greeting"]["text"]) == ("This line.", "Acme here.")
    assert (settings["ring_seconds"], settings["voicemail"]) == (30, True)
    assert (others["ring_seconds"], others["voicemail"]) == (25, False)
    assert [each["day"] for each in settings["hours"]][:1] == ["tue"]
    assert "Its own settings" in (await owner.get(page(tenant))).text

    assert "answered by the organization" in (await owner.get(f"{number_page}/follow")).text
    notice = await message_after(owner, number_page, f"{number_page}/follow")
    assert f"{readable(number['number'])} uses the organization's settings again" in notice
    assert (await owner.get(own_url)).json() is None
    unknown = f"{page(tenant)}/{uuid4()}"
    for path in (unknown, f"{unknown}/follow"):
        assert (await owner.get(path)).status_code == 404
    assert (await save(owner, tenant, f"{uuid4()}/own", {})).status_code == 404


async def test_a_phone_that_was_blocked_is_named_and_stops_no_other_form(
    owner: httpx.AsyncClient, tenant: Tenant
) -> None:
    assert (await save(owner, tenant, "phones", PHONES)).status_code == 303
    rules = f"/api/organizations/{tenant.organization.id}/calling-rules"
    assert (await owner.put(rules, json={"blocked_numbers": ["+12125550145"]})).status_code == 200
    assert (await save(owner, tenant, "hours", HOURS)).status_code == 303
    shown = (await owner.get(page(tenant))).text
    assert "+1 212-555-0145 does not ring: this number is on your block list." in shown
    assert (await save(owner, tenant, "phones", PHONES)).status_code == 303


async def test_transcription_is_off_until_it_is_switched_on(owner: httpx.AsyncClient, tenant: Tenant) -> None:
    api = f"/api/organizations/{tenant.organization.id}/incoming-calls"
    box = '<input type="checkbox" name="transcribe" value="yes" aria-describedby="transcribe-hint"'
    shown = (await owner.get(page(tenant))).text
    assert f"{box}>" in shown
    hint = "of 2 to 120 seconds", "English only", "counts $0.05 in your spending limits", "here and at the carrier"
    assert all(part in shown for part in hint)
    on = {"voicemail": "yes", "transcribe": "yes"}
    saved = await page_after(owner, page(tenant), f"{page(tenant)}/voicemail", on)
    assert "Voicemails in English are transcribed" in saved
    assert f"{box} checked>" in saved
    assert (await owner.get(api)).json()["transcribe"] is True
    # The page says that nothing is transcribed while the greetings are in another language.
    german = {**GREETING, "greeting": "Guten Tag", "language": "de-DE"}
    notice = await page_after(owner, page(tenant), f"{page(tenant)}/greeting", german)
    assert "Your language for callers is German, and the carrier transcribes English only" in notice
    off = await page_after(owner, page(tenant), f"{page(tenant)}/voicemail", {"voicemail": "yes"})
    assert (f"{box}>" in off, "Voicemails in English are transcribed" in off) == (True, False)
    assert "transcribe" not in (await owner.get(api)).json()


async def test_a_member_reads_whether_voicemails_are_transcribed(
    owner: httpx.AsyncClient, new_client: NewClient, tenant: Tenant, make: Factory
) -> None:
    member = await sign_in(new_client(), await make.member(tenant.organization, Role.MEMBER))
    assert "Off: voicemails are not transcribed" in (await member.get(page(tenant))).text
    api = f"/api/organizations/{tenant.organization.id}/incoming-calls"
    assert (await owner.put(api, json={"voicemail": True, "transcribe": True})).status_code == 200
    assert "Voicemails are transcribed" in (await member.get(page(tenant))).text
