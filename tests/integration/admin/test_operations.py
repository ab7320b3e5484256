"""The operations page: what goes on in all organizations, with what to do about it, for whoever may."""

import httpx
import pytest
import sqlalchemy as sa

from admin.models import StaffRole
from conftest import NewClient
from factories import Factory, sign_in
from furnished import furnish
from kit.db import Database
from staff import enter, make_staff
from voice.calling.models import Alert
from voice.models import Call, CallStatus

pytestmark = pytest.mark.anyio
PAGE = "/admin/operations"


async def test_live_calls_and_alerts_are_shown_with_what_each_role_may_do(
    new_client: NewClient, make: Factory, database: Database
) -> None:
    furnished = await furnish(database, make)
    organization_id, call_id = furnished.tenant.organization.id, furnished.ids["call_id"]
    async with database.sessions() as session, session.begin():
        live = sa.update(Call).where(Call.id == call_id).values(status=CallStatus.IN_PROGRESS, country="US")
        await session.execute(live)
        alert_id = (await session.scalars(sa.select(Alert.id).where(Alert.owned_by(organization_id)))).one()
    deeds = (
        f"/admin/call/{call_id}/do/end",
        f"/admin/organization/{organization_id}/do/suspend",
        f"/admin/alert/{alert_id}/do/seen",
    )
    for role, may_act in ((StaffRole.SUPPORT, False), (StaffRole.OPERATOR, True)):
        colleague = await enter(new_client(), await make_staff(database, role))
        answer = await colleague.client.get(PAGE)
        assert answer.status_code == 200, answer.text
        assert f"/admin/call/details/{call_id}" in answer.text
        assert f"/admin/alert/details/{alert_id}" in answer.text
        assert '<th scope="row">United States</th>' in answer.text
        for deed in deeds:
            assert (deed in answer.text) is may_act, deed
        details = (await colleague.client.get(f"/admin/organization/details/{organization_id}")).text
        assert "Calls: 1, answered: 1" in details
        assert "Minutes: 1" in details

    async with database.sessions() as session, session.begin():
        over = sa.update(Call).where(Call.id == call_id).values(status=CallStatus.REFUSED)
        await session.execute(over)
        await session.execute(sa.update(Alert).where(Alert.id == alert_id).values(resolved_at=sa.func.now()))
    later = (await colleague.client.get(PAGE)).text
    assert str(call_id) not in later
    assert str(alert_id) not in later


async def test_customers_and_visitors_are_shown_the_door(
    client: httpx.AsyncClient, new_client: NewClient, make: Factory
) -> None:
    customer = await sign_in(new_client(), (await make.tenant()).owner)
    for outsider in (client, customer):
        answer = await outsider.get(PAGE)
        assert (answer.status_code, answer.headers["location"]) == (303, "/admin/login?next=/admin/operations")
