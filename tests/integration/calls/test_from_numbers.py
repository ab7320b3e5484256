"""The number that an outgoing call shows: each rule that chooses it, and choices that are refused before dialling."""

import re
from uuid import UUID, uuid4

import httpx
import pytest
import sqlalchemy as sa

from calls.models import Call, CallStatus
from kit.clock import utc_now
from kit.db.database import Database
from kit.settings import Settings
from support.callback_client import REJECT, CallbackClient, new_sid
from support.factories import Factory, Tenant, Token, sign_in
from support.widget_client import post_token
from tenants.models import Membership, PhoneNumber
from widget.client_ids import SignedClientIds

pytestmark = pytest.mark.anyio
NEAR, FAR = "+12125550147", "+13125550147"
Numbers = dict[str, str]
"""Ids by the last two digits of the number."""


class CallPlacer:
    """Places calls with one embed token and returns the number that each shows."""

    def __init__(self, callbacks: CallbackClient, token: Token) -> None:
        self._callbacks = callbacks
        self._token = token

    async def __call__(self, to: str = FAR, **more: str) -> str | None:
        """The number of a call to ``to``; None for a refused call."""
        answer = await self._callbacks.outgoing(self._token.id, new_sid(), to=to, **more)
        assert answer.status_code == 200
        if answer.content == REJECT:
            return None
        dialled = re.search(r'<Dial [^>]*callerId="([^"]+)"', answer.text)
        assert dialled is not None, answer.text
        return dialled[1]


@pytest.fixture
async def tenant(make: Factory, client: httpx.AsyncClient) -> Tenant:
    """An organization whose owner is signed in. It may place many calls at once."""
    tenant = await make.tenant(limits={"live_calls": 100, "calls_per_number_per_hour": 100})
    await sign_in(client, tenant.owner)
    return tenant


@pytest.fixture
async def numbers(tenant: Tenant, database: Database) -> Numbers:
    """The organization's numbers: its first one and default, one of area 212, one of area 415."""
    serial = tenant.number[-4:] if tenant.number else ""
    rows = [
        PhoneNumber(organization_id=tenant.organization.id, e164=e164, carrier_sid=None, name=name)
        for e164, name in ((f"+1212557{serial}", "New York"), (f"+1415557{serial}", "San Francisco"))
    ]
    async with database.sessions() as session, session.begin():
        session.add_all(rows)
        mine = PhoneNumber.owned_by(tenant.organization.id)
        first = await session.scalar(sa.select(PhoneNumber.id).where(mine, PhoneNumber.e164 == tenant.number))
    return {"first": str(first), "212": str(rows[0].id), "415": str(rows[1].id)}


def e164(tenant: Tenant, name: str) -> str:
    serial = tenant.number[-4:] if tenant.number else ""
    return str(tenant.number) if name == "first" else f"+1{name}557{serial}"


async def test_each_rule_decides_where_those_before_it_do_not(
    client: httpx.AsyncClient,
    callbacks: CallbackClient,
    make: Factory,
    database: Database,
    tenant: Tenant,
    numbers: Numbers,
) -> None:
    token = await make.token(tenant)
    path, shown = f"/api/organizations/{tenant.organization.id}", CallPlacer(callbacks, token)
    assert (await client.get(f"{path}/caller-id")).json() == {"sticky": True, "match_area_code": False}

    assert await shown(NEAR) == e164(tenant, "first")  # the default
    assert (await client.put(f"{path}/caller-id", json={"sticky": False, "match_area_code": True})).status_code == 200
    assert await shown(NEAR) == e164(tenant, "212")  # the called number's area code
    assert await shown(FAR) == e164(tenant, "first")
    limited = {"from_numbers": [numbers["415"], numbers["first"]]}
    changed = await client.patch(f"{path}/embed-tokens/{token.id}", json=limited)
    assert changed.json()["from_numbers"] == limited["from_numbers"]
    assert await shown(NEAR) == e164(tenant, "415")  # the token's first one, whatever the area

    assert await shown(NEAR, FromNumber=e164(tenant, "first")) == e164(tenant, "first")  # asked for
    await client.put(f"{path}/caller-id", json={"sticky": True, "match_area_code": True})
    assert await shown(NEAR) == e164(tenant, "first")  # the one from which the contact was called last
    assert await shown(FAR) == e164(tenant, "first")
    assert await shown("+13125550148") == e164(tenant, "415")  # nobody called it before

    async with database.sessions() as session:
        calls = list(await session.scalars(sa.select(Call).where(Call.owned_by(tenant.organization.id))))
    assert {(call.from_number, str(call.from_number_id)) for call in calls} == {
        (e164(tenant, name), number_id) for name, number_id in numbers.items()
    }
    listed = (await client.get(f"{path}/calls", params={"from_number_id": numbers["212"]})).json()["items"]
    assert [(item["from"], item["from_number_id"]) for item in listed] == [(e164(tenant, "212"), numbers["212"])]
    rows = (await client.get(f"{path}/calls/export.csv", params={"from_number_id": numbers["415"]})).text.splitlines()
    column = rows[0].split(",").index("from_number_id") - rows[0].count(",") - 1
    assert [row.split(",")[column] for row in rows[1:]] == [numbers["415"]] * 2


async def test_a_members_own_number_comes_before_the_rules(
    client: httpx.AsyncClient,
    callbacks: CallbackClient,
    make: Factory,
    database: Database,
    settings: Settings,
    tenant: Tenant,
    numbers: Numbers,
) -> None:
    token = await make.token(tenant)
    path = f"/api/organizations/{tenant.organization.id}"
    async with database.sessions() as session:
        mine = Membership.owned_by(tenant.organization.id), Membership.user_id == tenant.owner.id
        member = await session.scalar(sa.select(Membership.id).where(*mine))
    other = await make.tenant()
    foreign = sa.select(PhoneNumber.id).where(PhoneNumber.owned_by(other.organization.id))
    async with database.sessions() as session:
        foreign_id = str(await session.scalar(foreign))
    for wrong in (foreign_id, str(uuid4())):
        refused = await client.patch(f"{path}/members/{member}", json={"from_number_id": wrong})
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "from_number_id")
    changed = await client.patch(f"{path}/members/{member}", json={"from_number_id": numbers["415"]})
    assert (changed.status_code, changed.json()["from_number_id"]) == (200, numbers["415"])

    client_ids, shown = SignedClientIds(settings.secret_keys), CallPlacer(callbacks, token)

    async def shown_by_the_member(to: str, **more: str) -> str | None:
        client_id = client_ids.create(token.id, tenant.owner.id)
        return await shown(to, From=f"client:w_{token.id.hex}_{client_id}", **more)

    assert await shown_by_the_member(NEAR) == e164(tenant, "415")
    assert await shown(FAR) == e164(tenant, "first")
    assert await shown_by_the_member(NEAR, FromNumber=e164(tenant, "212")) == e164(tenant, "212")

    async with database.sessions() as session, session.begin():
        released = sa.update(PhoneNumber).where(PhoneNumber.id == UUID(numbers["415"]))
        await session.execute(released.values(released_at=utc_now()))
    assert await shown_by_the_member("+13125550149") == e164(tenant, "first")
    items = (await client.get(f"{path}/members")).json()["items"]
    assert [item["from_number_id"] for item in items] == [None]


async def test_another_number_than_the_token_may_show_is_refused_before_it_is_dialled(
    client: httpx.AsyncClient,
    callbacks: CallbackClient,
    make: Factory,
    database: Database,
    tenant: Tenant,
    numbers: Numbers,
) -> None:
    token, other = await make.token(tenant), await make.tenant()
    path, shown = f"/api/organizations/{tenant.organization.id}", CallPlacer(callbacks, token)
    await client.patch(f"{path}/embed-tokens/{token.id}", json={"from_numbers": [numbers["212"], numbers["415"]]})
    for wrong in (e164(tenant, "first"), str(other.number), "+19005550100", "2125570001", "x" * 5000, "a\0b"):
        assert await shown(FromNumber=wrong) is None, wrong
    assert await shown(FromNumber="") == e164(tenant, "212")

    call_id = str(uuid4())
    assert await shown(FromNumber=str(other.number), CallId=call_id) is None
    state = (await post_token(client, token.raw, path="/widget/status", call_id=call_id)).json()["call"]
    assert (state["status"], state["message"], state["from"]) == ("refused", "This number cannot be used", None)
    assert state["end_reason"] == "from_not_allowed"
    async with database.sessions() as session:
        refused = Call.owned_by(tenant.organization.id), Call.status == CallStatus.REFUSED
        calls = list(await session.scalars(sa.select(Call).where(*refused)))
    assert {(call.from_number, call.billed_minutes, call.end_reason) for call in calls} == {
        (None, 0, "from_not_allowed")
    }


async def test_the_exchange_names_the_numbers_and_a_released_one_drops_out(
    client: httpx.AsyncClient, make: Factory, database: Database, tenant: Tenant, numbers: Numbers
) -> None:
    token, path = await make.token(tenant), f"/api/organizations/{tenant.organization.id}/embed-tokens"

    async def exchanged() -> tuple[str, list[dict[str, str]]]:
        answer = (await post_token(client, token.raw)).json()
        return answer["caller_id"], answer["from_numbers"]

    def item(name: str, words: str) -> dict[str, str]:
        return {"number": e164(tenant, name), "name": words}

    everything = [item("first", ""), item("212", "New York"), item("415", "San Francisco")]
    assert await exchanged() == (e164(tenant, "first"), everything)
    chosen = {"from_numbers": [numbers["415"], numbers["212"], numbers["415"]]}
    assert (await client.patch(f"{path}/{token.id}", json=chosen)).json()["from_numbers"] == chosen["from_numbers"][:2]
    assert await exchanged() == (e164(tenant, "415"), [everything[2], everything[1]])
    other = await make.tenant()
    async with database.sessions() as session:
        foreign = await session.scalar(sa.select(PhoneNumber.id).where(PhoneNumber.owned_by(other.organization.id)))
    for wrong in ([str(uuid4())], [str(foreign)], ["x"], None):
        refused = await client.patch(f"{path}/{token.id}", json={"from_numbers": wrong})
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "from_numbers")
    made = await client.post(path, json={"label": "Second", "from_numbers": [numbers["212"]]})
    assert (made.status_code, made.json()["from_numbers"]) == (201, [numbers["212"]])

    async with database.sessions() as session, session.begin():
        gone = sa.update(PhoneNumber).where(PhoneNumber.id == UUID(numbers["415"]))
        await session.execute(gone.values(releasing_at=utc_now()))
    assert await exchanged() == (e164(tenant, "212"), [everything[1]])
    assert (await client.get(f"{path}/{token.id}")).json()["from_numbers"] == [numbers["212"]]
    async with database.sessions() as session, session.begin():
        gone = sa.update(PhoneNumber).where(PhoneNumber.id == UUID(numbers["212"]))
        await session.execute(gone.values(released_at=utc_now()))
    assert await exchanged() == (e164(tenant, "first"), [everything[0]])
