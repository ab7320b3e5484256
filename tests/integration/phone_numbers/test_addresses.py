"""Registered addresses and regulatory bundles: registered once, sent with purchases, deleted with the organization."""

import datetime as dt
from collections.abc import Awaitable, Callable
from uuid import UUID

import httpx
import pytest
import sqlalchemy as sa

from carrier.port import Carrier, CarrierAddress, PostalAddress
from epoch.phone_number_jobs import build_number_reconciler
from kit.actor import Actor
from kit.audit import AuditEvent
from kit.clock import utc_now
from kit.db.database import Database
from kit.deployment import DeploymentService
from kit.errors import DomainError, Unavailable
from phone_numbers.address_rules import address_country_for, address_name, parse_bundle_sid
from phone_numbers.address_service import AddressService
from phone_numbers.errors import AddressNotValid, AddressUnconfirmed, CarrierBusy
from phone_numbers.models import AddressState, RegisteredAddress
from phone_numbers.provisioning import NumberProvisioning
from support.factories import Factory, Tenant
from support.faulty_carrier import Fault, FaultyCarrier, Refusal
from support.page_session import errors_of, post_form
from tenants.models import Organization
from tenants.services import RESTORE_PERIOD

pytestmark = pytest.mark.anyio
Switches = Callable[..., Awaitable[None]]
Rows = Callable[[UUID], Awaitable[list[RegisteredAddress]]]
At = Callable[[UUID], Awaitable[list[CarrierAddress]]]
BERLIN = PostalAddress("Acme Realty", "Unter den Linden 1", "Berlin", "Berlin", "10117", "DE")
BUNDLE = "BU" + "0a" * 16
FORM = {"customer_name": "Acme Realty", "street": "1 Queen Street", "city": "Auckland", "postal_code": "1010"}


@pytest.fixture
def rows(database: Database) -> Rows:
    """The stored addresses of an organization."""

    async def read(organization_id: UUID) -> list[RegisteredAddress]:
        async with database.sessions() as session:
            return list(await AddressService(session).list_all(organization_id))

    return read


@pytest.fixture
def at_carrier_by_id(database: Database, carrier: Carrier) -> At:
    """The carrier's addresses that are named for a row."""

    async def find(address_id: UUID) -> list[CarrierAddress]:
        async with database.sessions() as session:
            name = (await DeploymentService(session).read()).name
        return await carrier.find_addresses(friendly_name=address_name(name, address_id))

    return find


def api(tenant: Tenant) -> str:
    return f"/api/organizations/{tenant.organization.id}"


@pytest.mark.parametrize("requirement", ["any", "local", "foreign"])
async def test_a_number_that_needs_an_address_is_bought_once_there_is_one(
    client: httpx.AsyncClient, tenant: Tenant, switches: Switches, rows: Rows, carrier: Carrier, requirement: str
) -> None:
    await switches(address_required=["NZ"], address_requirement=requirement)
    search = {"country": "NZ", "available_now": "true"}
    assert (await client.get(f"{api(tenant)}/phone-numbers/available", params=search)).json()["items"] == []
    country = "AU" if requirement == "foreign" else "NZ"
    added = await client.post(f"{api(tenant)}/addresses", json={**FORM, "country": country})
    assert added.status_code == 201, added.text
    assert (added.json()["status"], added.json()["region"]) == ("registered", "Auckland")
    assert (await client.get(f"{api(tenant)}/addresses")).json()["items"] == [added.json()]

    [number, *_] = (await client.get(f"{api(tenant)}/phone-numbers/available", params=search)).json()["items"]
    assert (number["available_now"], number["address_requirement"]) == (True, requirement)
    bought = await client.post(f"{api(tenant)}/phone-numbers", json={"number": number["number"]})
    assert bought.status_code == 201, bought.text
    [row] = await rows(tenant.organization.id)
    assert row.carrier_sid is not None
    assert await carrier.is_address_used(row.carrier_sid)


async def test_an_address_that_a_number_needs_stays(
    client: httpx.AsyncClient, tenant: Tenant, switches: Switches, rows: Rows, at_carrier_by_id: At
) -> None:
    await switches(address_required=["NZ"])
    address_id = (await client.post(f"{api(tenant)}/addresses", json={**FORM, "country": "NZ"})).json()["id"]
    search = {"country": "NZ", "available_now": "true"}
    [offer, *_] = (await client.get(f"{api(tenant)}/phone-numbers/available", params=search)).json()["items"]
    number = (await client.post(f"{api(tenant)}/phone-numbers", json={"number": offer["number"]})).json()
    refused = await client.delete(f"{api(tenant)}/addresses/{address_id}")
    assert (refused.status_code, refused.json()["code"]) == (409, "address_in_use")
    assert [row.state for row in await rows(tenant.organization.id)] == [AddressState.REGISTERED]

    assert (await client.delete(f"{api(tenant)}/phone-numbers/{number['id']}")).status_code == 204
    assert (await client.delete(f"{api(tenant)}/addresses/{address_id}")).status_code == 204
    assert await rows(tenant.organization.id) == []
    assert await at_carrier_by_id(UUID(address_id)) == []
    assert (await client.delete(f"{api(tenant)}/addresses/{address_id}")).status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({**FORM, "country": "XX"}, "country"),
        ({**FORM, "country": "NZ", "street": " "}, "street"),
        ({**FORM, "country": "NZ", "city": "x" * 65}, "city"),
        ({**FORM, "country": "NZ", "customer_name": "名" * 22}, "customer_name"),
        ({**FORM, "country": "NZ", "region": "a\x00b"}, "region"),
        ({**FORM, "country": "NZ", "carrier_sid": "AD1"}, "carrier_sid"),
    ],
)
async def test_an_invalid_field_is_reported_and_nothing_is_stored(
    client: httpx.AsyncClient, tenant: Tenant, rows: Rows, body: dict[str, str], field: str
) -> None:
    answer = await client.post(f"{api(tenant)}/addresses", json=body)
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert await rows(tenant.organization.id) == []


async def test_a_country_has_one_address(client: httpx.AsyncClient, tenant: Tenant) -> None:
    body = {**FORM, "country": "NZ"}
    assert (await client.post(f"{api(tenant)}/addresses", json=body)).status_code == 201
    again = await client.post(f"{api(tenant)}/addresses", json=body)
    assert (again.status_code, again.json()["code"]) == (409, "address_exists")


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (21628, "cannot validate this address"),
        (21629, "knows a similar address"),
        (21238, "does not accept a part"),
        (99999, "did not accept this address"),
    ],
)
async def test_an_address_that_the_carrier_refuses_is_not_kept(
    client: httpx.AsyncClient, tenant: Tenant, switches: Switches, rows: Rows, code: int, sentence: str
) -> None:
    await switches(address_error=code)
    answer = await client.post(f"{api(tenant)}/addresses", json={**FORM, "country": "NZ"})
    assert (answer.status_code, answer.json()["code"]) == (400, "address_not_valid")
    assert sentence in answer.json()["detail"]
    assert await rows(tenant.organization.id) == []
    page = f"/dashboard/{tenant.organization.slug}/settings"
    refused = await post_form(
        client, f"{page}/phone-numbers", f"{page}/addresses", {**FORM, "region": "", "country": "NZ"}
    )
    assert refused.status_code == 400
    assert sentence in refused.text
    assert 'value="1 Queen Street"' in refused.text


async def test_the_page_adds_shows_and_deletes_an_address(
    client: httpx.AsyncClient, tenant: Tenant, rows: Rows
) -> None:
    page = f"/dashboard/{tenant.organization.slug}/settings"
    fields = {**FORM, "region": "", "country": "NZ"}
    wrong = await post_form(client, f"{page}/phone-numbers", f"{page}/addresses", {**fields, "street": ""})
    assert wrong.status_code == 400
    assert errors_of(wrong.text) == {"street": "Enter: Street and number"}
    added = await post_form(client, f"{page}/phone-numbers", f"{page}/addresses", fields)
    assert (added.status_code, added.headers["location"]) == (303, f"{page}/phone-numbers#registered-addresses")
    shown = (await client.get(f"{page}/phone-numbers")).text
    assert "The address in New Zealand is registered" in shown
    assert "1 Queen Street, 1010, Auckland" in shown
    [row] = await rows(tenant.organization.id)
    delete = f"{page}/addresses/{row.id}/delete"
    assert "Delete the address in New Zealand?" in (await client.get(delete)).text
    assert (await post_form(client, delete, delete, {})).status_code == 303
    assert await rows(tenant.organization.id) == []


@pytest.mark.parametrize("fault", list(Fault))
async def test_an_address_whose_answer_is_lost_is_registered_once(
    faulty_carrier: FaultyCarrier,
    faulty_provisioning: NumberProvisioning,
    make: Factory,
    database: Database,
    carrier: Carrier,
    rows: Rows,
    at_carrier_by_id: At,
    actor: Actor,
    fault: Fault,
) -> None:
    organization_id = (await make.tenant(number=False)).organization.id
    faulty_carrier.faults = {"POST": fault, "GET": Fault.UNAVAILABLE}
    with pytest.raises(AddressUnconfirmed):
        await faulty_provisioning.addresses.register(organization_id, BERLIN, by=actor)
    [row] = await rows(organization_id)
    assert row.state is AddressState.REQUESTED

    reconciler = build_number_reconciler(database, carrier, abandoned_after=dt.timedelta())
    await reconciler.finish_pending()
    is_there = fault is Fault.ANSWER_LOST
    assert len(await at_carrier_by_id(row.id)) == is_there
    assert [row.state for row in await rows(organization_id)] == [AddressState.REGISTERED] * is_there


async def test_an_address_whose_answer_alone_is_lost_is_found_at_once(
    faulty_carrier: FaultyCarrier,
    faulty_provisioning: NumberProvisioning,
    make: Factory,
    rows: Rows,
    at_carrier_by_id: At,
    actor: Actor,
) -> None:
    organization_id = (await make.tenant(number=False)).organization.id
    faulty_carrier.faults = {"POST": Fault.ANSWER_LOST}
    row_id = await faulty_provisioning.addresses.register(organization_id, BERLIN, by=actor)
    [there] = await at_carrier_by_id(row_id)
    assert [(row.state, row.carrier_sid) for row in await rows(organization_id)] == [
        (AddressState.REGISTERED, there.sid)
    ]


@pytest.mark.parametrize(
    ("refused", "error"),
    [
        (Refusal(429, 20429), CarrierBusy),
        (Refusal(401, 20003), Unavailable),
        (Refusal(400, 21628), AddressNotValid),
    ],
)
async def test_a_refused_address_leaves_the_country_free(
    faulty_carrier: FaultyCarrier,
    faulty_provisioning: NumberProvisioning,
    make: Factory,
    rows: Rows,
    actor: Actor,
    refused: Refusal,
    error: type[DomainError],
) -> None:
    organization_id = (await make.tenant(number=False)).organization.id
    faulty_carrier.faults = {"POST": refused}
    with pytest.raises(error):
        await faulty_provisioning.addresses.register(organization_id, BERLIN, by=actor)
    assert await rows(organization_id) == []
    faulty_carrier.faults = {}
    await faulty_provisioning.addresses.register(organization_id, BERLIN, by=actor)
    assert len(await rows(organization_id)) == 1


async def test_a_deletion_that_the_carrier_does_not_confirm_is_finished_later(
    faulty_carrier: FaultyCarrier,
    faulty_provisioning: NumberProvisioning,
    make: Factory,
    database: Database,
    carrier: Carrier,
    rows: Rows,
    at_carrier_by_id: At,
    actor: Actor,
) -> None:
    organization_id = (await make.tenant(number=False)).organization.id
    row_id = await faulty_provisioning.addresses.register(organization_id, BERLIN, by=actor)
    faulty_carrier.faults = {"DELETE": Fault.UNAVAILABLE}
    with pytest.raises(Unavailable):
        await faulty_provisioning.addresses.delete(organization_id, row_id, by=actor)
    # The periodic job of an application on this database may have finished it already.
    assert {row.state for row in await rows(organization_id)} <= {AddressState.DELETING}
    await build_number_reconciler(database, carrier).finish_pending()
    assert await rows(organization_id) == []
    assert await at_carrier_by_id(row_id) == []


async def test_the_addresses_of_a_deleted_organization_are_deleted_at_the_carrier_too(
    make: Factory,
    database: Database,
    carrier: Carrier,
    provisioning: NumberProvisioning,
    rows: Rows,
    at_carrier_by_id: At,
    actor: Actor,
) -> None:
    organization_id = (await make.tenant(number=False)).organization.id
    row_id = await provisioning.addresses.register(organization_id, BERLIN, by=actor)
    async with database.sessions() as session, session.begin():
        gone = utc_now() - RESTORE_PERIOD - dt.timedelta(minutes=1)
        await session.execute(sa.update(Organization).where(Organization.id == organization_id).values(deleted_at=gone))
    await build_number_reconciler(database, carrier).finish_pending()
    assert await rows(organization_id) == []
    assert await at_carrier_by_id(row_id) == []


async def test_an_address_of_another_deployment_stays_at_the_carrier(
    make: Factory, database: Database, carrier: Carrier, provisioning: NumberProvisioning, rows: Rows, actor: Actor
) -> None:
    organization_id = (await make.tenant(number=False)).organization.id
    theirs = await carrier.create_address(BERLIN, friendly_name=f"ad:ffffffffffff:{organization_id}")
    async with database.sessions() as session, session.begin():
        values = {"state": AddressState.REGISTERED, "carrier_sid": theirs.sid, "country": "DE"}
        text = dict.fromkeys(("customer_name", "street", "city", "region", "postal_code"), "x")
        row = RegisteredAddress(organization_id=organization_id, **values, **text)
        session.add(row)
    await provisioning.addresses.delete(organization_id, row.id, by=actor)
    assert await rows(organization_id) == []
    assert await carrier.find_addresses(friendly_name=theirs.friendly_name) == [theirs]
    await carrier.delete_address(theirs.sid)


async def test_a_stored_bundle_is_sent_with_the_purchase(
    client: httpx.AsyncClient, tenant: Tenant, switches: Switches, database: Database, actor: Actor
) -> None:
    await switches(bundle_required=["IE"])
    search = {"country": "IE"}
    [offer, *_] = (await client.get(f"{api(tenant)}/phone-numbers/available", params=search)).json()["items"]
    body = {"number": offer["number"]}
    refused = await client.post(f"{api(tenant)}/phone-numbers", json=body)
    assert (refused.status_code, refused.json()["code"]) == (409, "bundle_required")
    async with database.sessions() as session, session.begin():
        await AddressService(session).set_bundle(tenant.organization.id, "IE", BUNDLE, by=actor)
    page = (await client.get(f"/dashboard/{tenant.organization.slug}/settings/phone-numbers")).text
    assert "Identity documents are approved for numbers in Ireland" in page
    assert (await client.post(f"{api(tenant)}/phone-numbers", json=body)).status_code == 201


async def test_the_audit_log_has_the_country_and_no_address(
    client: httpx.AsyncClient, tenant: Tenant, database: Database
) -> None:
    added = (await client.post(f"{api(tenant)}/addresses", json={**FORM, "country": "NZ"})).json()
    assert (await client.delete(f"{api(tenant)}/addresses/{added['id']}")).status_code == 204
    query = sa.select(AuditEvent).where(
        AuditEvent.organization_id == tenant.organization.id, AuditEvent.action.startswith("address.")
    )
    async with database.sessions() as session:
        events = (await session.scalars(query.order_by(AuditEvent.id))).all()
    assert [event.action for event in events] == [
        f"address.{step}" for step in ("requested", "registered", "deleting", "deleted")
    ]
    assert {(event.subject_name, str(event.details)) for event in events} == {("NZ", "None")}


@pytest.mark.parametrize(
    ("requirement", "registered", "chosen"),
    [
        ("none", {"DE"}, "DE"),
        ("none", {"FR"}, None),
        ("any", {"FR"}, "FR"),
        ("any", {"DE", "FR"}, "DE"),
        ("local", {"FR"}, None),
        ("local", {"DE", "FR"}, "DE"),
        ("foreign", {"DE"}, None),
        ("foreign", {"DE", "FR"}, "FR"),
        ("something new", {"DE"}, "DE"),
        ("something new", {"FR"}, None),
        ("any", set(), None),
    ],
)
def test_the_address_that_satisfies_a_number_of_germany(
    requirement: str, registered: set[str], chosen: str | None
) -> None:
    assert address_country_for(requirement, "DE", registered) == chosen


@pytest.mark.parametrize("typed", ["", "BU1", "bu" + "0" * 32, "AD" + "0" * 32, BUNDLE + "0"])
def test_only_a_bundles_id_is_stored(typed: str) -> None:
    assert parse_bundle_sid(f" {BUNDLE} ") == BUNDLE
    with pytest.raises(DomainError):
        parse_bundle_sid(typed)
