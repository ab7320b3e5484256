"""Numbers that organizations hold elsewhere: verified by the carrier's call, shown by calls, checked again, removed."""

import html
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import sqlalchemy as sa

from calls.models import Call
from carrier.port import CallerId, Carrier
from carrier.twilio import TwilioCarrier
from conftest import NewClient
from epoch.phone_number_jobs import build_number_reconciler
from kit.actor import Actor
from kit.audit import AuditEvent
from kit.clock import utc_now
from kit.db.database import Database
from kit.e164 import readable
from kit.settings import Settings
from phone_numbers.errors import CarrierNotAnswering
from phone_numbers.provisioning import NumberProvisioning
from phone_numbers.reconciliation import NumberReconciler
from phone_numbers.verified_numbers.services import CALLS_PER_NUMBER, CALLS_PER_ORGANIZATION
from support.callback_client import REJECT, CallbackClient, new_sid
from support.factories import Factory, Tenant, sign_in
from support.faulty_carrier import Fault, FaultyCarrier
from support.page_session import errors_of, message_after, post_form
from support.widget_client import post_token
from tenants.models import Organization, VerificationState, VerifiedNumber
from tenants.plans import Plan

pytestmark = pytest.mark.anyio
CONFIRMS, SILENT, BUSY = "+12125550108", "+12125550135", "+12125550102"


@pytest.fixture
async def tenant(client: httpx.AsyncClient, make: Factory, database: Database) -> Tenant:
    """An organization with one number, whose owner is signed in; nobody has asked for validation calls today."""
    async with database.sessions() as session, session.begin():
        await session.execute(sa.text("DELETE FROM rate_counter WHERE key LIKE 'verify:%'"))
    tenant = await make.tenant()
    await sign_in(client, tenant.owner)
    return tenant


def path_of(tenant: Tenant) -> str:
    return f"/api/organizations/{tenant.organization.id}/verified-numbers"


async def states(client: httpx.AsyncClient, tenant: Tenant) -> dict[str, str]:
    items: list[dict[str, Any]] = (await client.get(path_of(tenant))).json()["items"]
    return {item["number"]: item["status"] for item in items}


async def verify(client: httpx.AsyncClient, tenant: Tenant, number: str, name: str = "") -> UUID:
    asked = await client.post(path_of(tenant), json={"number": number, "name": name})
    assert (asked.status_code, len(asked.json()["validation_code"])) == (201, 6), asked.text
    return UUID(asked.json()["id"])


async def report(callbacks: CallbackClient, tenant: Tenant, number_id: UUID, status: str = "success") -> None:
    """Send the carrier's callback after a validation call."""
    path = f"/voice/verification?organization={tenant.organization.id}&number={number_id}"
    assert (await callbacks.send(path, {"CallSid": new_sid(), "VerificationStatus": status})).status_code == 204


async def verified(client: httpx.AsyncClient, callbacks: CallbackClient, tenant: Tenant, name: str = "") -> UUID:
    """The id of a verified number of the organization."""
    number_id = await verify(client, tenant, CONFIRMS, name)
    await report(callbacks, tenant, number_id)
    assert (await states(client, tenant))[CONFIRMS] == "verified"
    return number_id


async def test_a_verified_number_is_shown_by_calls_until_it_is_removed(
    client: httpx.AsyncClient, callbacks: CallbackClient, database: Database, make: Factory, tenant: Tenant
) -> None:
    token = await make.token(tenant)

    async def shown(number: str) -> str | None:
        sid = new_sid()
        answer = await callbacks.outgoing(token.id, sid, to="+12125550147", FromNumber=number)
        async with database.sessions() as session:
            found = await session.scalar(sa.select(Call.from_number).where(Call.carrier_sid == sid))
        return None if answer.content == REJECT else found

    number_id = await verified(client, callbacks, tenant, "Mobile")
    await verify(client, tenant, SILENT)
    assert await states(client, tenant) == {SILENT: "pending", CONFIRMS: "verified"}
    assert await shown(CONFIRMS) == CONFIRMS
    assert await shown(SILENT) is None
    answer = (await post_token(client, token.raw)).json()
    assert answer["caller_id"] == tenant.number
    assert answer["from_numbers"] == [{"number": tenant.number, "name": ""}, {"number": CONFIRMS, "name": "Mobile"}]
    for number in (CONFIRMS, tenant.number):
        again = await client.post(path_of(tenant), json={"number": number})
        assert (again.status_code, again.json()["code"]) == (409, "number_verified_already")

    calls = f"/api/organizations/{tenant.organization.id}/calls"
    found = (await client.get(calls, params={"from_number_id": str(number_id)})).json()["items"]
    assert [(item["from"], item["from_number_id"]) for item in found] == [(CONFIRMS, str(number_id))]
    numbers = f"/api/organizations/{tenant.organization.id}/phone-numbers/{number_id}"
    assert (await client.get(f"{numbers}/incoming-calls")).status_code == 404
    assert (await client.patch(numbers, json={"default": True})).status_code == 404
    member = f"/api/organizations/{tenant.organization.id}/embed-tokens/{token.id}"
    assert (await client.patch(member, json={"from_numbers": [str(number_id)]})).status_code == 200
    assert (await post_token(client, token.raw)).json()["caller_id"] == CONFIRMS

    assert (await client.delete(f"{path_of(tenant)}/{number_id}")).status_code == 204
    assert await states(client, tenant) == {SILENT: "pending"}
    assert await shown(CONFIRMS) is None
    assert (await post_token(client, token.raw)).json()["caller_id"] == tenant.number
    assert (await client.delete(f"{path_of(tenant)}/{number_id}")).status_code == 404


async def test_a_callback_of_the_carrier_ends_the_pending_state(
    client: httpx.AsyncClient, callbacks: CallbackClient, tenant: Tenant
) -> None:
    number_id = await verify(client, tenant, SILENT)
    # The carrier says that it was confirmed, and does not list it: its list decides.
    await report(callbacks, tenant, number_id)
    assert await states(client, tenant) == {SILENT: "pending"}
    await report(callbacks, tenant, number_id, "failed")
    assert await states(client, tenant) == {SILENT: "failed"}
    await report(callbacks, tenant, uuid4())
    await report(callbacks, tenant, uuid4(), "failed")
    confirmed = await verified(client, callbacks, tenant)
    await report(callbacks, tenant, confirmed, "failed")  # a late one of an earlier call
    assert (await states(client, tenant))[CONFIRMS] == "verified"
    path = f"/voice/verification?organization={tenant.organization.id}&number={number_id}"
    forged = await callbacks.send(path, {"VerificationStatus": "success"}, {"x-twilio-signature": "x"})
    assert forged.status_code == 403


async def test_each_organization_verifies_for_itself(
    client: httpx.AsyncClient, callbacks: CallbackClient, new_client: NewClient, make: Factory, tenant: Tenant
) -> None:
    other, others = await make.tenant(), new_client()
    await sign_in(others, other.owner)
    own = await verified(client, callbacks, tenant)
    assert await states(others, other) == {}
    # Another organization's number in the callback's address is no number of this one.
    await report(callbacks, other, own)
    theirs = await verified(others, callbacks, other)
    assert (await client.delete(f"{path_of(tenant)}/{theirs}")).status_code == 404
    assert (await others.delete(f"{path_of(other)}/{theirs}")).status_code == 204
    assert await states(client, tenant) == {CONFIRMS: "verified"}


async def test_calls_are_limited_per_number_and_invalid_numbers_are_not_called(
    client: httpx.AsyncClient, new_client: NewClient, make: Factory, tenant: Tenant
) -> None:
    for wrong in ("911", "hello", "+19005550100", "", "+1", "a\0b", "9" * 400):
        refused = await client.post(path_of(tenant), json={"number": wrong})
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "number"), wrong
    named = await client.post(path_of(tenant), json={"number": SILENT, "name": "x" * 65})
    assert named.json()["errors"][0]["field"] == "name"
    for _ in range(2):
        await verify(client, tenant, SILENT)
    other, others = await make.tenant(), new_client()
    await sign_in(others, other.owner)
    await verify(others, other, SILENT)
    limited = await others.post(path_of(other), json={"number": SILENT})
    assert limited.status_code == 429
    assert int(limited.headers["retry-after"]) > 0
    assert limited.json()["detail"].startswith(
        "The carrier makes at most 3 verification calls a day to one number. Try"
    )
    assert await states(others, other) == {SILENT: "pending"}


async def test_the_calling_rules_hold_before_the_carrier_is_asked(
    client: httpx.AsyncClient, make: Factory, tenant: Tenant
) -> None:
    other = await make.tenant()
    rules = f"/api/organizations/{tenant.organization.id}/calling-rules"
    assert (await client.put(rules, json={"blocked_numbers": [SILENT]})).status_code == 200
    for number, reason in (
        ("+4930123456", "Calls to Germany are not enabled"),
        (SILENT, "on your block list"),
        (other.number, "business number of this service"),
    ):
        refused = await client.post(path_of(tenant), json={"number": number})
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "number"), number
        assert reason in refused.text
        assert "Acme" not in refused.text
    assert await states(client, tenant) == {}
    assert (await client.put(rules, json={"countries": ["US", "DE"], "blocked_numbers": []})).status_code == 200
    for number in ("+4930123456", SILENT):
        await verify(client, tenant, number)


async def test_the_daily_limit_says_when_the_next_call_is_possible(client: httpx.AsyncClient, tenant: Tenant) -> None:
    for last in range(CALLS_PER_ORGANIZATION):
        await verify(client, tenant, f"+1212555016{last}")
    page = f"/dashboard/{tenant.organization.slug}/settings/phone-numbers"
    action = f"/dashboard/{tenant.organization.slug}/settings/verified-numbers"
    limited = await post_form(client, page, action, {"own_number": "+12125550160", "own_name": ""})
    assert limited.status_code == 400
    assert (
        "at most 10 verification calls a day for your organization. Try again after midnight (UTC), in" in limited.text
    )
    assert "3 calls a day to one number, and 10 a day to all numbers" in limited.text


async def test_an_organization_has_at_most_ten_verified_numbers(
    client: httpx.AsyncClient, database: Database, tenant: Tenant
) -> None:
    rows = [
        VerifiedNumber(
            organization_id=tenant.organization.id,
            e164=f"+1212555016{last}",
            state=VerificationState.FAILED,
            requested_at=utc_now(),
        )
        for last in range(10)
    ]
    async with database.sessions() as session, session.begin():
        session.add_all(rows)
    refused = await client.post(path_of(tenant), json={"number": SILENT})
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_verified_numbers")
    await verify(client, tenant, "+12125550160")


async def test_a_suspended_organization_or_a_lower_plan_verifies_nothing_and_may_remove(
    client: httpx.AsyncClient, database: Database, tenant: Tenant
) -> None:
    number_id = await verify(client, tenant, SILENT)
    own = sa.update(Organization).where(Organization.id == tenant.organization.id)
    for change, code in (
        ({"suspended_at": utc_now()}, "organization_suspended"),
        ({"suspended_at": None, "plan": Plan.STARTER}, "plan_not_supported"),
    ):
        async with database.sessions() as session, session.begin():
            await session.execute(own.values(change))
        refused = await client.post(path_of(tenant), json={"number": SILENT})
        assert (refused.status_code, refused.json()["code"]) == (403, code)
    assert (await client.delete(f"{path_of(tenant)}/{number_id}")).status_code == 204


async def test_the_job_confirms_gives_up_and_checks_again(
    client: httpx.AsyncClient, carrier: Carrier, database: Database, reconciler: NumberReconciler, tenant: Tenant
) -> None:
    ids = [await verify(client, tenant, number) for number in (CONFIRMS, SILENT)]
    await reconciler.finish_pending()
    assert await states(client, tenant) == {CONFIRMS: "verified", SILENT: "pending"}
    async with database.sessions() as session, session.begin():
        late = sa.update(VerifiedNumber).where(VerifiedNumber.id == ids[1])
        await session.execute(late.values(requested_at=utc_now() - timedelta(hours=1)))
    await reconciler.finish_pending()
    assert await states(client, tenant) == {CONFIRMS: "verified", SILENT: "failed"}
    # Somebody deletes it at the carrier: calls do not show it any more, and it can be verified again.
    for found in await carrier.caller_ids():
        if found.friendly_name.endswith(str(ids[0])):
            await carrier.delete_caller_id(found.sid)
    await reconciler.compare()
    assert (await states(client, tenant))[CONFIRMS] == "expired"
    assert await verify(client, tenant, CONFIRMS) == ids[0]
    await reconciler.compare()
    assert (await states(client, tenant))[CONFIRMS] == "verified"
    query = sa.select(AuditEvent.action, AuditEvent.subject_name).where(AuditEvent.subject_id == ids[0])
    async with database.sessions() as session:
        recorded = (await session.execute(query.order_by(AuditEvent.id))).all()
    actions = ["requested", "verified", "expired", "requested", "verified"]
    assert [tuple(row) for row in recorded] == [(f"verified_number.{action}", "…0108") for action in actions]


async def test_requests_without_a_response_are_undone_or_repeated(
    client: httpx.AsyncClient,
    carrier: Carrier,
    database: Database,
    faulty_carrier: FaultyCarrier,
    faulty_provisioning: NumberProvisioning,
    callbacks: CallbackClient,
    actor: Actor,
    tenant: Tenant,
) -> None:
    organization_id = tenant.organization.id
    faulty_carrier.faults = dict.fromkeys(("POST", "GET", "DELETE"), Fault.UNAVAILABLE)
    with pytest.raises(CarrierNotAnswering):
        await faulty_provisioning.verifier.request(organization_id, CONFIRMS, "", country="US", by=actor)
    assert await states(client, tenant) == {}
    number_id = await verified(client, callbacks, tenant)
    await faulty_provisioning.verifier.remove(organization_id, number_id, by=actor)
    assert await verify(client, tenant, CONFIRMS) != number_id
    await report(callbacks, tenant, number_id, "failed")
    # The periodic job of an application on this database may have read the list already.
    assert await states(client, tenant) in ({CONFIRMS: "pending"}, {CONFIRMS: "verified"})
    await build_number_reconciler(database, carrier).finish_pending()
    assert not [found for found in await carrier.caller_ids() if found.friendly_name.endswith(str(number_id))]
    async with database.sessions() as session:
        assert await session.get(VerifiedNumber, number_id) is None


async def test_only_calls_that_the_carrier_accepted_count_in_the_day(
    client: httpx.AsyncClient,
    faulty_carrier: FaultyCarrier,
    faulty_provisioning: NumberProvisioning,
    actor: Actor,
    tenant: Tenant,
) -> None:
    request = faulty_provisioning.verifier.request
    faulty_carrier.faults = {"POST": Fault.UNAVAILABLE}
    for _ in range(CALLS_PER_NUMBER + 1):
        with pytest.raises(CarrierNotAnswering):
            await request(tenant.organization.id, SILENT, "", country="US", by=actor)
    for _ in range(CALLS_PER_NUMBER):
        await verify(client, tenant, SILENT)


class EarlyListCarrier(TwilioCarrier):
    """The adapter, whose list of caller ids was read before the latest one was confirmed."""

    confirm: Callable[[], Awaitable[None]]
    unlisted = ""

    async def caller_ids(self, *, friendly_name: str | None = None) -> list[CallerId]:
        found = await super().caller_ids(friendly_name=friendly_name)
        if friendly_name is not None:
            return found
        await self.confirm()
        return [one for one in found if not one.friendly_name.endswith(self.unlisted)]


async def test_a_number_that_is_confirmed_late_while_the_list_is_read_stays_verified(
    client: httpx.AsyncClient, callbacks: CallbackClient, database: Database, settings: Settings, tenant: Tenant
) -> None:
    number_id = await verify(client, tenant, CONFIRMS)
    async with database.sessions() as session, session.begin():
        late = sa.update(VerifiedNumber).where(VerifiedNumber.id == number_id)
        await session.execute(late.values(requested_at=utc_now() - timedelta(hours=1)))
    carrier = EarlyListCarrier(settings.twilio, api_base=f"http://{settings.sandbox_address}", signaling=None)
    carrier.unlisted, carrier.confirm = str(number_id), lambda: report(callbacks, tenant, number_id)
    await build_number_reconciler(database, carrier).finish_pending()
    await carrier.close()
    assert await states(client, tenant) == {CONFIRMS: "verified"}


async def test_a_removal_that_the_carrier_refuses_delays_no_other_number(
    client: httpx.AsyncClient,
    database: Database,
    faulty_carrier: FaultyCarrier,
    carrier_with_faults: Carrier,
    faulty_provisioning: NumberProvisioning,
    callbacks: CallbackClient,
    actor: Actor,
    tenant: Tenant,
) -> None:
    number_id = await verified(client, callbacks, tenant)
    faulty_carrier.faults = {"DELETE": Fault.UNAVAILABLE}
    await faulty_provisioning.verifier.remove(tenant.organization.id, number_id, by=actor)
    await verify(client, tenant, CONFIRMS)
    await build_number_reconciler(database, carrier_with_faults).finish_pending()
    assert await states(client, tenant) == {CONFIRMS: "verified"}


async def test_the_page_shows_the_code_and_removes_a_number(
    client: httpx.AsyncClient, callbacks: CallbackClient, tenant: Tenant
) -> None:
    settings = f"/dashboard/{tenant.organization.slug}/settings"
    page, action = f"{settings}/phone-numbers", f"{settings}/verified-numbers"
    refused = await post_form(client, page, action, {"own_number": "911", "own_name": ""})
    assert (refused.status_code, errors_of(refused.text)) == (400, {"own_number": "Emergency numbers cannot be called"})
    asked = await post_form(client, page, action, {"own_number": "(212) 555-0135", "own_name": ""})
    assert (asked.status_code, asked.headers["location"]) == (303, f"{action}/code")
    for _ in range(2):  # a reload calls nobody
        shown = (await client.get(f"{action}/code")).text
        assert 'The carrier calls <span class="nowrap">+1 212-555-0135</span>' in shown
        assert re.search(r"<strong>\d{6}</strong>", shown)
    assert "Waiting for the code" in (await client.get(page)).text
    await post_form(client, page, action, {"own_number": "(212) 555-0108", "own_name": "<i>Desk</i>"})
    item, _ = (await client.get(path_of(tenant))).json()["items"]
    await report(callbacks, tenant, UUID(item["id"]))
    assert '<span class="nowrap">+1 212-555-0108</span> is verified' in (await client.get(f"{action}/code")).text
    text = (await client.get(page)).text
    assert "Verified, calls out only" in text
    assert "&lt;i&gt;Desk&lt;/i&gt;" in text
    confirm = f"{action}/{item['id']}/remove"
    assert "Remove +1 212-555-0108?" in (await client.get(confirm)).text
    assert "+1 212-555-0108 is removed: calls no longer show it" in await message_after(client, confirm, confirm)
    assert await states(client, tenant) == {SILENT: "pending"}
    assert (await client.get(f"{action}/{uuid4()}/remove")).status_code == 404


async def test_a_switch_lets_the_carrier_verify_a_number_once(
    client: httpx.AsyncClient,
    callbacks: CallbackClient,
    switches: Any,
    new_client: NewClient,
    make: Factory,
    tenant: Tenant,
) -> None:
    await verified(client, callbacks, tenant)
    await switches(verified_once=True)
    other, others = await make.tenant(), new_client()
    await sign_in(others, other.owner)
    refused = await others.post(path_of(other), json={"number": CONFIRMS})
    assert (refused.status_code, refused.json()["code"]) == (409, "number_verified_elsewhere")
    assert await states(others, other) == {}


async def test_the_confirmation_names_tokens_and_members_and_what_they_show_then(
    client: httpx.AsyncClient, callbacks: CallbackClient, make: Factory, tenant: Tenant
) -> None:
    number_id, token = await verified(client, callbacks, tenant), await make.token(tenant)
    settings = f"/dashboard/{tenant.organization.slug}/settings"
    unused = (await client.get(f"{settings}/verified-numbers/{number_id}/remove")).text
    assert "Tokens that show it" not in unused
    assert "Members who call from it" not in unused
    base = f"/api/organizations/{tenant.organization.id}"
    shows = {"from_numbers": [str(number_id)]}
    assert (await client.patch(f"{base}/embed-tokens/{token.id}", json=shows)).status_code == 200
    member = (await client.get(f"{base}/members")).json()["items"][0]
    chosen = {"from_number_id": str(number_id)}
    assert (await client.patch(f"{base}/members/{member['id']}", json=chosen)).status_code == 200
    shown = readable(tenant.number or "")
    for path in (f"{settings}/verified-numbers/{number_id}/remove", f"{settings}/phone-numbers"):
        page = html.unescape((await client.get(path)).text)
        assert re.search(rf"what their calls show from now on: “[^”]+” {re.escape(shown)}\.", page), path
        assert f"Members who call from it: {tenant.owner.email}. Their calls show the number of the token, or" in page
