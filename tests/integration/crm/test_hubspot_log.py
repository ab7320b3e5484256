"""Calls written into HubSpot: each once on the record that it names, then its changes; failures; the access token."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest
import sqlalchemy as sa

from calls.models import Call, CallStatus
from crm.models import CrmCallState
from kit.clock import utc_now
from kit.db.database import Database
from kit.settings import Settings
from support.api_helpers import with_csrf
from support.call_factory import add_call
from support.callback_client import CallbackClient, new_sid
from support.factories import Tenant, Token
from support.hubspot_stand_in import WRITE, HubSpotRequest, HubSpotStandIn, Reply, StoredCall, missing_scopes
from support.hubspot_sync_runner import HubSpotSyncRunner

pytestmark = pytest.mark.anyio
CONTACT = {"contact": "4711"}


@pytest.fixture
async def api(owner: httpx.AsyncClient) -> httpx.AsyncClient:
    return await with_csrf(owner)


@pytest.fixture
def log(jobs: Database, crm_settings: Settings) -> HubSpotSyncRunner:
    return HubSpotSyncRunner(jobs, crm_settings)


@pytest.fixture
async def connected(api: httpx.AsyncClient, tenant: Tenant, hubspot: HubSpotStandIn) -> Tenant:
    """The organization, whose calls are written into ``hubspot``."""
    response = await api.put(path_of(tenant), json={"access_token": hubspot.token})
    assert response.status_code == 200, response.text
    return tenant


def path_of(tenant: Tenant, *parts: object) -> str:
    return "/".join([f"/api/organizations/{tenant.organization.id}/integrations/hubspot", *map(str, parts)])


async def ended_call(
    jobs: Database, tenant: Tenant, token: Token, *, details: dict[str, Any] | None, duration: int = 60
) -> UUID:
    """A call that began and is over now, as its record in the database."""
    call_id = await add_call(jobs, tenant, token, status=CallStatus.IN_PROGRESS, is_connected=True, details=details)
    ended = {"status": CallStatus.COMPLETED, "duration": duration, "ended_at": utc_now()}
    async with jobs.sessions() as session, session.begin():
        await session.execute(sa.update(Call).where(Call.id == call_id).values(ended))
    return call_id


async def change(api: httpx.AsyncClient, tenant: Tenant, call_id: UUID, **remarks: Any) -> None:
    response = await api.patch(f"/api/organizations/{tenant.organization.id}/calls/{call_id}", json=remarks)
    assert response.status_code == 200, response.text


async def failures(api: httpx.AsyncClient, tenant: Tenant) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await api.get(path_of(tenant, "failures"))).json()["items"]
    return items


async def row_of(jobs: Database, call_id: UUID) -> dict[str, Any]:
    async with jobs.sessions() as session:
        table = Call.__table__
        return dict((await session.execute(sa.select(table).where(table.c.id == call_id))).one()._mapping)


def the_call(hubspot: HubSpotStandIn, call_id: object) -> tuple[str, StoredCall]:
    """HubSpot's only record of the call."""
    [found] = hubspot.of(call_id)
    return found


async def test_a_call_whose_page_was_closed_is_written_once_and_changed_later(
    api: httpx.AsyncClient,
    connected: Tenant,
    token: Token,
    callbacks: CallbackClient,
    hubspot: HubSpotStandIn,
    log: HubSpotSyncRunner,
) -> None:
    sid, child = new_sid(), new_sid()
    metadata = msgspec.json.encode({**CONTACT, "agent": "Ann <b>"}).decode()
    await callbacks.outgoing(token.id, sid, Metadata=metadata)
    await callbacks.event(sid, "in-progress", utc_now(), child=child, sequence=2)
    await log.write()
    assert hubspot.calls == {}  # nothing before the call is over
    # The page never tells its end: these are the carrier's callbacks alone.
    await callbacks.event(sid, "completed", utc_now(), child=child, sequence=3, CallDuration="6")
    await callbacks.event(sid, "completed", utc_now(), sequence=4)
    await log.write()
    await log.write()
    [call] = (await api.get(f"/api/organizations/{connected.organization.id}/calls")).json()["items"]
    engagement_id, written = the_call(hubspot, call["id"])
    assert written.records == {"contacts/4711"}
    properties = written.properties
    assert (properties["hs_call_status"], properties["hs_call_direction"]) == ("COMPLETED", "OUTBOUND")
    assert properties["hs_call_duration"] == str(call["duration"] * 1000)
    assert call["duration"] > 0
    assert properties["hs_call_to_number"] == "+12125550147"
    assert properties["hs_timestamp"] == call["started_at"]
    assert properties["hs_call_body"] == "Called by Ann &lt;b&gt;"

    listed = [{"name": "Connected"}, {"name": "Meeting booked"}]
    await api.put(f"/api/organizations/{connected.organization.id}/outcomes", json=listed)
    note = "<script>alert(1)</script> 🎉\n" + "x" * 4900
    await change(api, connected, UUID(call["id"]), outcome="Connected", note=note, tags=["hot"])
    await log.write()
    again, changed = the_call(hubspot, call["id"])
    assert again == engagement_id
    assert len(hubspot.calls) == 1
    # An outcome that HubSpot has under the same name is set there, another one is written as text.
    assert changed.properties["hs_call_disposition"] == hubspot.dispositions[0]["id"]
    assert "&lt;script&gt;alert(1)&lt;/script&gt; 🎉<br>xxx" in changed.properties["hs_call_body"]
    assert "Outcome" not in changed.properties["hs_call_body"]
    await change(api, connected, UUID(call["id"]), outcome="Meeting booked", note=None)
    await log.write()
    assert the_call(hubspot, call["id"])[1].properties["hs_call_disposition"] == ""
    assert "Outcome: Meeting booked<br>Tags: hot" in the_call(hubspot, call["id"])[1].properties["hs_call_body"]


@pytest.mark.parametrize(
    ("details", "reason"),
    [
        ({"contact": "c-1042"}, "record_id_not_valid"),
        ({"contact": ["4711"]}, "record_id_not_valid"),
        ({"contact": "4712"}, "record_missing"),
        ({"source": "hubspot", "portalId": "1", "objectId": "4711", "objectType": "CONTACT"}, "other_account"),
        ({"source": "hubspot", "objectId": "4711", "objectType": "../owners"}, "object_type_unknown"),
    ],
)
async def test_an_invalid_record_has_its_failure_sentence(
    api: httpx.AsyncClient,
    connected: Tenant,
    token: Token,
    hubspot: HubSpotStandIn,
    log: HubSpotSyncRunner,
    jobs: Database,
    details: dict[str, Any],
    reason: str,
) -> None:
    call_id = await ended_call(jobs, connected, token, details=details)
    before = await row_of(jobs, call_id)
    await log.write()
    [failure] = await failures(api, connected)
    assert (failure["call_id"], failure["reason"], failure["state"]) == (str(call_id), reason, "failed")
    assert "{" not in failure["message"]
    assert hubspot.calls == {}
    assert await row_of(jobs, call_id) == before
    info = (await api.get(path_of(connected))).json()
    assert (info["failed"], info["waiting"], info["calls_without_record"]) == (1, 0, 0)


async def test_a_record_that_is_restored_gets_the_call_on_request(
    api: httpx.AsyncClient,
    connected: Tenant,
    token: Token,
    hubspot: HubSpotStandIn,
    log: HubSpotSyncRunner,
    jobs: Database,
) -> None:
    company = {"source": "hubspot", "portalId": str(hubspot.portal_id), "objectId": 815, "objectType": "COMPANY"}
    hubspot.records.remove("companies/815")
    call_id = await ended_call(jobs, connected, token, details=company)
    await log.write()
    [failure] = await failures(api, connected)
    hubspot.records.add("companies/815")
    retried = await api.post(path_of(connected, "failures", failure["id"], "retry"))
    assert (retried.status_code, retried.json()["state"], retried.json()["message"]) == (202, "waiting", None)
    assert (await api.post(path_of(connected, "failures", failure["id"], "retry"))).status_code == 404
    await log.write()
    assert the_call(hubspot, call_id)[1].records == {"companies/815"}
    assert await failures(api, connected) == []


async def test_a_token_that_may_create_but_not_change_calls(
    api: httpx.AsyncClient,
    connected: Tenant,
    token: Token,
    hubspot: HubSpotStandIn,
    log: HubSpotSyncRunner,
    jobs: Database,
) -> None:
    def refuse_changes(asked: HubSpotRequest) -> Reply | None:
        return missing_scopes(WRITE) if asked.method == "PATCH" else None

    call_id = await ended_call(jobs, connected, token, details=CONTACT)
    await log.write()
    hubspot.interfere = refuse_changes
    await change(api, connected, call_id, note="Call back")
    before = await row_of(jobs, call_id)
    await log.write()
    [failure] = await failures(api, connected)
    assert failure["reason"] == "edit_refused"
    assert "The call is in HubSpot" in failure["message"]
    assert WRITE in failure["message"]
    assert await row_of(jobs, call_id) == before
    hubspot.interfere = lambda _: None
    await api.post(path_of(connected, "failures", failure["id"], "retry"))
    await log.write()
    assert the_call(hubspot, call_id)[1].properties["hs_call_body"].startswith("Call back")


async def test_a_call_deleted_in_hubspot_is_created_again_only_on_request(
    api: httpx.AsyncClient,
    connected: Tenant,
    token: Token,
    hubspot: HubSpotStandIn,
    log: HubSpotSyncRunner,
    jobs: Database,
) -> None:
    call_id = await ended_call(jobs, connected, token, details=CONTACT)
    await log.write()
    hubspot.calls.clear()
    await change(api, connected, call_id, note="Call back")
    await log.write()
    [failure] = await failures(api, connected)
    assert (failure["reason"], hubspot.calls) == ("call_deleted", {})
    await api.post(path_of(connected, "failures", failure["id"], "retry"))
    await log.write()
    assert the_call(hubspot, call_id)[1].records == {"contacts/4711"}


async def test_the_retry_after_of_hubspot_is_respected(
    connected: Tenant, token: Token, hubspot: HubSpotStandIn, log: HubSpotSyncRunner, jobs: Database
) -> None:
    hubspot.interfere = lambda _: (429, {"policyName": "TEN_SECONDLY_ROLLING"}, {"Retry-After": "900"})
    call_ids = [await ended_call(jobs, connected, token, details=CONTACT) for _ in range(3)]
    began, before = utc_now(), len(hubspot.asked)
    await log.write()
    assert len(hubspot.asked) == before + 1  # the other calls wait too
    connection = await log.connection(connected.organization.id)
    assert connection.due_at is not None
    assert (connection.due_at - began).total_seconds() >= 900
    await log.write()
    assert len(hubspot.asked) == before + 1
    hubspot.interfere = lambda _: None
    await log.let_time_pass(connected.organization.id)
    await log.write()
    assert [len(hubspot.of(call_id)) for call_id in call_ids] == [1, 1, 1]
    assert (await log.connection(connected.organization.id)).failures == 0


@pytest.mark.parametrize(
    "answer",
    [
        (502, b"<html>bad gateway</html>"),
        (200, b"<html>sign in</html>"),
        (302, b"", {"Location": "http://169.254.169.254/"}),
        (200, b"x" * 1_100_000),
        (200, {"results": [{"id": 1}]}),
    ],
    ids=["gateway", "page", "redirect", "large", "other form"],
)
async def test_broken_responses_lead_to_a_later_attempt(
    connected: Tenant, token: Token, hubspot: HubSpotStandIn, log: HubSpotSyncRunner, jobs: Database, answer: Reply
) -> None:
    call_id = await ended_call(jobs, connected, token, details=CONTACT)
    before = len(hubspot.asked)
    hubspot.interfere = lambda _: answer
    await log.write()
    assert len(hubspot.asked) == before + 1
    [row] = await log.rows(connected.organization.id)
    assert row.state is CrmCallState.WAITING
    hubspot.interfere = lambda _: None
    await log.let_time_pass(connected.organization.id)
    await log.write()
    assert len(hubspot.of(call_id)) == 1


async def test_a_revoked_token_breaks_the_connection_and_a_new_one_writes_the_waiting_calls(
    api: httpx.AsyncClient,
    connected: Tenant,
    token: Token,
    hubspot: HubSpotStandIn,
    log: HubSpotSyncRunner,
    jobs: Database,
) -> None:
    call_id = await ended_call(jobs, connected, token, details=CONTACT)
    hubspot.token = "pat-eu1-another"
    await log.write()
    info = (await api.get(path_of(connected))).json()
    assert info["broken_at"] is not None
    assert (info["waiting"], info["failed"]) == (1, 0)
    [mail] = log.mails
    assert (mail.to, mail.subject) == (connected.owner.email, "Calls are no longer written into HubSpot")
    before = len(hubspot.asked)
    later = await ended_call(jobs, connected, token, details=CONTACT)
    await log.write()
    assert (len(hubspot.asked), len(log.mails)) == (before, 1)
    assert (await api.put(path_of(connected), json={"access_token": hubspot.token})).json()["broken_at"] is None
    await log.write()
    assert [len(hubspot.of(each)) for each in (call_id, later)] == [1, 1]
    events = (await api.get(f"/api/organizations/{connected.organization.id}/audit")).json()["items"]
    actions = [event["action"] for event in events if event["action"].startswith("hubspot.")]
    assert actions == ["hubspot.connected", "hubspot.broken", "hubspot.connected"]


async def test_calls_without_a_record_are_counted_and_never_matched_by_number(
    api: httpx.AsyncClient,
    connected: Tenant,
    token: Token,
    hubspot: HubSpotStandIn,
    log: HubSpotSyncRunner,
    jobs: Database,
) -> None:
    before = len(hubspot.asked)
    call_id = await ended_call(jobs, connected, token, details={"agent": "Ann"})
    await ended_call(jobs, connected, token, details=None)
    await log.write()
    await change(api, connected, call_id, note="Call back")
    await log.write()
    assert len(hubspot.asked) == before
    assert (await api.get(path_of(connected))).json()["calls_without_record"] == 2
    assert await failures(api, connected) == []


CHECKS: dict[str, tuple[Callable[[HubSpotStandIn], object], str, str]] = {
    "unknown": (lambda _: None, "pat-eu1-unknown", "HubSpot does not know this token"),
    "spaces": (lambda _: None, "pat eu1", "Copy the whole token"),
    "line": (lambda _: None, "pat\r\nX-Evil: 1", "Copy the whole token"),
    "scopes": (lambda hubspot: hubspot.scopes.discard(WRITE), "", f"Add {WRITE} in HubSpot"),
    "property": (
        lambda hubspot: setattr(
            hubspot,
            "interfere",
            lambda asked: missing_scopes("crm.schemas.contacts.write") if "properties" in asked.path else None,
        ),
        "",
        "may not create the property epoch_call_id of calls. Add crm.schemas.contacts.write",
    ),
}


@pytest.mark.parametrize("case", CHECKS)
async def test_a_token_is_checked_before_it_is_stored(
    api: httpx.AsyncClient, tenant: Tenant, hubspot: HubSpotStandIn, case: str
) -> None:
    prepare, given, sentence = CHECKS[case]
    prepare(hubspot)
    response = await api.put(path_of(tenant), json={"access_token": given or hubspot.token})
    assert response.status_code == 400
    [wrong] = response.json()["errors"]
    assert wrong["field"] == "access_token"
    assert sentence in wrong["message"]
    assert (await api.get(path_of(tenant))).json()["connected"] is False


async def test_a_token_is_stored_encrypted_and_removed_with_the_waiting_calls(
    api: httpx.AsyncClient,
    tenant: Tenant,
    token: Token,
    hubspot: HubSpotStandIn,
    log: HubSpotSyncRunner,
    jobs: Database,
) -> None:
    hubspot.interfere = lambda _: (503, b"")
    silent = await api.put(path_of(tenant), json={"access_token": hubspot.token})
    assert (silent.status_code, silent.json()["code"]) == (503, "hubspot_unavailable")
    # A service key, about which the first question is not answered.
    hubspot.interfere = lambda asked: (404, b"") if "private-apps" in asked.path else None
    response = await api.put(path_of(tenant), json={"access_token": hubspot.token})
    assert response.json()["portal_id"] == str(hubspot.portal_id)
    assert hubspot.token not in response.text
    assert hubspot.properties["epoch_call_id"]["hasUniqueValue"] is True
    assert hubspot.token not in (await log.connection(tenant.organization.id)).access_token
    await ended_call(jobs, tenant, token, details=CONTACT)
    await log.assign_sequence_numbers()
    assert (await api.get(path_of(tenant))).json()["waiting"] == 1
    assert (await api.delete(path_of(tenant))).status_code == 204
    assert await log.rows(tenant.organization.id) == []
    assert (await api.delete(path_of(tenant))).status_code == 404
    await log.write()
    assert hubspot.calls == {}
