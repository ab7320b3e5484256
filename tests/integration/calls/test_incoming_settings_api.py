"""``…/incoming-calls``: the settings of incoming calls, of the organization and of one number."""

from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from calls.incoming.models import IncomingCallSettings
from kit.db.database import Database
from support.api_helpers import fields_refused
from support.callback_client import CallbackClient, new_sid
from support.factories import Factory, Tenant, sign_in
from tenants.models import Role

pytestmark = pytest.mark.anyio
PHONE = "+12125550144"
FULL: dict[str, Any] = {
    "time_zone": "America/Chicago",
    "hours": [{"day": "mon", "from": "09:00", "to": "17:30"}, {"day": "fri", "from": "22:00", "to": "02:00"}],
    "holidays": {"country": "US", "days": ["2026-12-24"]},
    "greeting": {"text": "Acme here.", "language": "en-US"},
    "forward_to": [PHONE],
    "forward_mode": "in-turn",
    "ring_seconds": 25,
    "voicemail": False,
    "press_9": False,
    "notify": [],
    "after_hours": {"greeting": None, "forward_to": [], "voicemail": False},
}


def path(tenant: Tenant) -> str:
    return f"/api/organizations/{tenant.organization.id}/incoming-calls"


async def number_path(owner: httpx.AsyncClient, tenant: Tenant) -> str:
    (number,) = (await owner.get(f"/api/organizations/{tenant.organization.id}/phone-numbers")).json()["items"]
    return f"/api/organizations/{tenant.organization.id}/phone-numbers/{number['id']}/incoming-calls"


async def test_nothing_is_configured_at_first_and_what_is_read_can_be_saved(
    owner: httpx.AsyncClient, tenant: Tenant
) -> None:
    first = (await owner.get(path(tenant))).json()
    assert first == {
        "time_zone": "America/New_York",
        "hours": [],
        "holidays": {"country": None, "days": []},
        "greeting": None,
        "forward_to": [],
        "forward_mode": "together",
        "ring_seconds": 20,
        "voicemail": False,
        "press_9": True,
        "notify": [],
        "after_hours": {"greeting": None, "forward_to": [], "voicemail": False},
    }
    saved = await owner.put(path(tenant), json=first)
    assert (saved.status_code, saved.json()) == (200, first)


async def test_saved_settings_are_read_again_with_numbers_in_one_form(owner: httpx.AsyncClient, tenant: Tenant) -> None:
    members = (await owner.get(f"/api/organizations/{tenant.organization.id}/members")).json()["items"]
    given = {**FULL, "forward_to": ["(212) 555-0144", PHONE], "notify": [members[0]["id"]]}
    saved = await owner.put(path(tenant), json=given)
    assert saved.status_code == 200, saved.text
    assert saved.json() == {**FULL, "notify": [members[0]["id"]]}
    assert (await owner.get(path(tenant))).json() == saved.json()
    (event,) = (
        await owner.get(f"/api/organizations/{tenant.organization.id}/audit?action=incoming_calls.changed")
    ).json()["items"][:1]
    assert event["action"] == "incoming_calls.changed"
    assert "5550144" not in str(event)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"hours": [{"day": "mon", "from": "09:00", "to": "09:00"}]}, "hours"),
        ({"hours": [{"day": "mon", "from": "9 am", "to": "17:00"}]}, "hours"),
        ({"hours": [{"day": "someday", "from": "09:00", "to": "17:00"}]}, "hours"),
        ({"hours": [{"day": "mon", "from": "09:00"}]}, "hours"),
        ({"hours": [{"day": "mon", "from": "09:00", "to": "17:00"}] * 2}, "hours"),
        ({"hours": [{"day": "mon", "from": "09:00", "to": "17:00", "x": 1}]}, "hours"),
        ({"holidays": {"country": "XX", "days": []}}, "holidays"),
        ({"holidays": {"country": None, "days": ["24.12.2026"]}}, "holidays"),
        ({"greeting": {}}, "greeting"),
        ({"greeting": {"text": " ", "language": "en-US"}}, "greeting"),
        ({"greeting": {"text": "x" * 1001, "language": "en-US"}}, "greeting"),
        ({"greeting": {"text": "nuqneH", "language": "tlh"}}, "greeting"),
        ({"forward_to": ["911"]}, "forward_to"),
        ({"forward_to": ["+19002345678"]}, "forward_to"),
        ({"forward_to": ["+442079460018"]}, "forward_to"),
        ({"forward_to": ["nonsense"]}, "forward_to"),
        ({"forward_to": [f"+1212555015{last}" for last in range(6)]}, "forward_to"),
        ({"forward_mode": "random"}, "forward_mode"),
        ({"ring_seconds": 0}, "ring_seconds"),
        ({"notify": ["01997f3e-5c1a-7b3e-9d2f-3a5c8e7f1b24"]}, "notify"),
        ({"after_hours": {"forward_to": ["911"]}}, "after_hours"),
        ({"after_hours": {"greeting": {}}}, "after_hours"),
        ({"answer": True}, "answer"),
    ],
)
async def test_what_cannot_be_saved_is_named(
    owner: httpx.AsyncClient, tenant: Tenant, changed: dict[str, Any], field: str
) -> None:
    refused = await owner.put(path(tenant), json={**FULL, **changed})
    assert fields_refused(refused) == [field]
    assert (await owner.get(path(tenant))).json()["ring_seconds"] == 20


async def test_own_numbers_those_of_others_and_blocked_ones_are_no_forward_numbers(
    owner: httpx.AsyncClient, tenant: Tenant, make: Factory
) -> None:
    others = (await make.tenant()).number
    rules = f"/api/organizations/{tenant.organization.id}/calling-rules"
    assert (await owner.put(rules, json={"blocked_numbers": ["+12125550199"]})).status_code == 200
    for number in (tenant.number, others, "+12125550199"):
        refused = await owner.put(path(tenant), json={**FULL, "forward_to": [number]})
        assert fields_refused(refused) == ["forward_to"], number


async def test_what_is_read_can_be_saved_although_a_phone_was_blocked_meanwhile(
    owner: httpx.AsyncClient, tenant: Tenant
) -> None:
    assert (await owner.put(path(tenant), json=FULL)).status_code == 200
    rules = f"/api/organizations/{tenant.organization.id}/calling-rules"
    assert (await owner.put(rules, json={"blocked_numbers": [PHONE, "+12125550199"]})).status_code == 200
    read = (await owner.get(path(tenant))).json()
    assert read["forward_to"] == [PHONE]
    for where in (path(tenant), await number_path(owner, tenant)):
        saved = await owner.put(where, json=read)
        assert (saved.status_code, saved.json()) == (200, read)
    refused = await owner.put(path(tenant), json={**read, "forward_to": [PHONE, "+12125550199"]})
    assert fields_refused(refused) == ["forward_to"]
    assert (await owner.put(path(tenant), json={**read, "forward_to": []})).status_code == 200
    assert fields_refused(await owner.put(path(tenant), json=read)) == ["forward_to"]


async def test_every_wrong_time_and_day_is_named(owner: httpx.AsyncClient, tenant: Tenant) -> None:
    hours = [{"day": "mon", "from": "9", "to": "17:00"}, {"day": "tue", "from": "09:00", "to": "noon"}]
    days = ["24.12.2026", "2026-12-25", "2026-02-30"]
    refused = await owner.put(path(tenant), json={**FULL, "hours": hours, "holidays": {"country": None, "days": days}})
    assert [(error["field"], error["message"]) for error in refused.json()["errors"]] == [
        ("hours", "Write times as hours and minutes, like 09:00, on mon, not 9-17:00"),
        ("hours", "Write times as hours and minutes, like 09:00, on tue, not 09:00-noon"),
        ("holidays", "Write days like 2026-12-24, not 24.12.2026"),
        ("holidays", "There is no day 2026-02-30"),
    ]


async def test_hours_that_overlap_are_refused_unless_they_were_stored_before(
    owner: httpx.AsyncClient, tenant: Tenant, callbacks: CallbackClient, database: Database
) -> None:
    overlapping = [{"day": "mon", "from": "09:00", "to": "13:00"}, {"day": "mon", "from": "12:00", "to": "17:00"}]
    refused = await owner.put(path(tenant), json={**FULL, "hours": overlapping})
    assert refused.json()["errors"] == [
        {
            "field": "hours",
            "message": "Monday: 09:00-13:00 and 12:00-17:00 overlap; change one of them, or enter both as one interval",
        }
    ]
    assert (await owner.put(path(tenant), json={**FULL, "hours": overlapping[:1]})).status_code == 200
    async with database.sessions() as session, session.begin():
        mine = IncomingCallSettings.owned_by(tenant.organization.id)
        (row,) = (await session.scalars(sa.select(IncomingCallSettings).where(mine))).all()
        row.settings = {**row.settings, "hours": overlapping}
    read = (await owner.get(path(tenant))).json()
    assert read["hours"] == overlapping
    assert tenant.number is not None
    assert (await callbacks.incoming(tenant.number, new_sid())).status_code == 200
    for where in (path(tenant), await number_path(owner, tenant)):
        saved = await owner.put(where, json={**read, "ring_seconds": 30, "hours": overlapping[::-1]})
        assert (saved.status_code, saved.json()["ring_seconds"]) == (200, 30), saved.text
    more = [*overlapping, {"day": "tue", "from": "09:00", "to": "13:00"}]
    assert fields_refused(await owner.put(path(tenant), json={**read, "hours": more})) == ["hours"]


async def test_a_number_follows_the_organization_until_it_has_settings_of_its_own(
    owner: httpx.AsyncClient, tenant: Tenant, callbacks: CallbackClient, database: Database
) -> None:
    own = await number_path(owner, tenant)
    assert (await owner.get(own)).json() is None
    assert (await owner.put(path(tenant), json={**FULL, "hours": []})).status_code == 200
    greeting = {"text": "This line.", "language": "en-US"}
    saved = await owner.put(own, json={**FULL, "hours": [], "greeting": greeting})
    assert (saved.status_code, saved.json()["greeting"]) == (200, greeting)
    assert tenant.number is not None
    assert "This line." in (await callbacks.incoming(tenant.number, new_sid())).text
    assert (await owner.put(own, content=b"null", headers={"content-type": "application/json"})).json() is None
    assert (await owner.get(own)).json() is None
    assert "Acme here." in (await callbacks.incoming(tenant.number, new_sid())).text


async def test_a_member_reads_and_cannot_change(client: httpx.AsyncClient, tenant: Tenant, make: Factory) -> None:
    await sign_in(client, await make.member(tenant.organization, Role.MEMBER))
    assert (await client.get(path(tenant))).status_code == 200
    assert (await client.put(path(tenant), json=FULL)).json()["code"] == "role_too_low"
