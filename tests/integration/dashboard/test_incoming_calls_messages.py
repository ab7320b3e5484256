"""Settings page **Incoming calls**: notices, errors at their fields, and the page that members see."""

import httpx
import pytest

from kit.db.database import Database
from support.factories import Factory, Tenant, sign_in
from support.page_session import errors_of, page_after, post_form
from tenants.models import PhoneNumber, Role

pytestmark = pytest.mark.anyio
HOURS = {"time_zone": "America/Chicago", "mon": "09:00-17:00", "holiday_country": "US", "days": "2026-12-24"}
PHONES = {"forward_to": "+12125550144", "forward_mode": "in-turn", "ring_seconds": "25"}


def page(tenant: Tenant) -> str:
    return f"/dashboard/{tenant.organization.slug}/settings/incoming-calls"


@pytest.mark.parametrize("typed", ["00:00-24:00", "0:00 to 24:00", "00:00-00:00"])
async def test_a_day_can_be_open_for_24_hours(owner: httpx.AsyncClient, tenant: Tenant, typed: str) -> None:
    form = {**HOURS, "wed": typed, "thu": "18:00-24:00"}
    shown = await page_after(owner, page(tenant), f"{page(tenant)}/hours", form)
    assert "Hours saved: open on 3 days of the week" in shown
    assert 'value="00:00-24:00"' in shown
    settings = (await owner.get(f"/api/organizations/{tenant.organization.id}/incoming-calls")).json()
    assert settings["hours"][1:] == [
        {"day": "wed", "from": "00:00", "to": "12:00"},
        {"day": "wed", "from": "12:00", "to": "00:00"},
        {"day": "thu", "from": "18:00", "to": "00:00"},
    ]


async def test_all_wrong_hours_and_closed_days_are_shown_at_once(owner: httpx.AsyncClient, tenant: Tenant) -> None:
    form = {**HOURS, "wed": "09:00-25:00", "fri": "10:00-10:00", "days": "Christmas", "time_zone": "Mars"}
    refused = await post_form(owner, page(tenant), f"{page(tenant)}/hours", form)
    assert refused.status_code == 400
    wednesday = 'id="f-wed-error"><svg', "Wednesday: there is no time 25:00"
    assert all(part in refused.text for part in (*wednesday, 'id="f-fri-error"', "Friday: give two different times"))
    assert 'id="f-mon-error"' not in refused.text
    assert list(errors_of(refused.text)) == ["time_zone", "wed", "fri", "days"]


async def test_every_wrong_entry_of_a_field_is_told(owner: httpx.AsyncClient, tenant: Tenant) -> None:
    form = {**HOURS, "tue": "9-5, 10:00-25:00, 10:00-11:00", "days": "Christmas\n2026-12-24, 1.1.2027, 2027-02-30"}
    refused = await post_form(owner, page(tenant), f"{page(tenant)}/hours", form)
    errors = errors_of(refused.text)
    assert errors["tue"].splitlines() == [
        "Tuesday: write hours like 09:00-17:30, several with commas between them, not 9-5",
        "Tuesday: there is no time 25:00; write hours like 09:00-17:30",
    ]
    assert errors["days"].splitlines() == [
        "Write days like 2026-12-24, not Christmas",
        "Write days like 2026-12-24, not 1.1.2027",
        "There is no day 2027-02-30",
    ]


async def test_hours_that_overlap_are_told_beside_their_day(owner: httpx.AsyncClient, tenant: Tenant) -> None:
    form = {**HOURS, "mon": "09:00-13:00, 12:00-17:00", "wed": "22:00-06:00", "thu": "05:00-09:00"}
    refused = await post_form(owner, page(tenant), f"{page(tenant)}/hours", form)
    assert refused.status_code == 400
    errors = errors_of(refused.text)
    assert list(errors) == ["mon", "thu"]
    assert errors["mon"].startswith("Monday: 09:00-13:00 and 12:00-17:00 overlap; ")
    assert errors["thu"].startswith("Wednesday 22:00-06:00 and Thursday 05:00-09:00 overlap; ")
    meeting = {**form, "mon": "09:00-12:00, 12:00-17:00", "thu": "06:00-09:00"}
    assert "open on 3 days" in await page_after(owner, page(tenant), f"{page(tenant)}/hours", meeting)


async def test_each_wrong_phone_is_told_with_its_reason(owner: httpx.AsyncClient, tenant: Tenant) -> None:
    lines = "+19002345678\n911\n+12125550144\n+442079460018\nabc"
    refused = await post_form(owner, page(tenant), f"{page(tenant)}/phones", {**PHONES, "forward_to": lines})
    assert refused.status_code == 400
    assert (
        "<span>Calls cannot be forwarded to premium numbers: +19002345678\n"
        "Emergency numbers cannot be called: 911\n"
        "Calls to the United Kingdom are not enabled; change that under Calling rules first: +442079460018\n"
        "Invalid phone number: abc</span>" in refused.text
    )
    without = {**PHONES, "ring_seconds": "", "forward_mode": ""}
    refused = await post_form(owner, page(tenant), f"{page(tenant)}/phones", without)
    assert "<span>Enter whole seconds, from 5 to 60</span>" in refused.text
    assert "<span>Choose how the phones ring</span>" in refused.text


async def test_a_phone_that_became_a_business_number_is_shown(
    owner: httpx.AsyncClient, tenant: Tenant, database: Database
) -> None:
    both = {**PHONES, "forward_to": "+12125550144\n+12125550193"}
    assert "2 phones will ring" in await page_after(owner, page(tenant), f"{page(tenant)}/phones", both)
    async with database.sessions() as session, session.begin():
        session.add(PhoneNumber(organization_id=tenant.organization.id, e164="+12125550193"))
    shown = await page_after(owner, page(tenant), f"{page(tenant)}/phones", both)
    reason = "+1 212-555-0193 does not ring: calls cannot be forwarded to a business number of this service"
    assert f"Phones saved: 1 phone will ring. {reason}" in shown
    assert f"<li>{reason}.</li>" in shown


async def test_members_read_the_whole_answer(
    owner: httpx.AsyncClient, client: httpx.AsyncClient, tenant: Tenant, make: Factory
) -> None:
    for part, form in (
        ("hours", HOURS),
        ("greeting", {"greeting": "Acme here.", "later_greeting": "We are closed.", "language": "en-GB"}),
        ("phones", {**PHONES, "later_forward_to": "+12125550194"}),
        ("voicemail", {"later_voicemail": "yes"}),
    ):
        assert (await post_form(owner, page(tenant), f"{page(tenant)}/{part}", form)).status_code == 303
    client.cookies.clear()
    await sign_in(client, await make.member(tenant.organization, Role.MEMBER))
    shown = (await client.get(page(tenant))).text
    assert "<dt>Closed days</dt><dd>Public holidays of the United States; 2026-12-24</dd>" in shown
    assert "<dt>Voicemail</dt><dd>Off: if nobody answers, the caller hears a goodbye</dd>" in shown
    assert "<dt>Greeting outside the hours</dt><dd>We are closed.</dd>" in shown
    assert "<dt>Phones outside the hours</dt><dd>+1 212-555-0194</dd>" in shown
    assert "<dt>Voicemail outside the hours</dt><dd>On: if nobody answers, the caller can leave a message</dd>" in shown
