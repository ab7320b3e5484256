"""During an upgrade, a call's status and an event's type that only a newer release knows are shown without an error."""

from typing import Any

import pytest
import sqlalchemy as sa

from admin.formatters import call_status_name
from calls.models import Call
from calls.schemas import CallInfo
from crm.engagement import properties_of
from events.models import OrganizationEvent
from events.schemas import EventInfo
from kit.db.database import Database
from support.call_factory import add_call
from support.factories import Factory

pytestmark = pytest.mark.anyio
# The rows only exist in the answer: the constraints of this release refuse to store them.
CALL = """
SELECT (jsonb_populate_record(call, jsonb_build_object('status', 'parked'))).* FROM call WHERE id = :id
"""
EVENT = """
SELECT (jsonb_populate_record(NULL::organization_event, jsonb_build_object(
  'id', id, 'organization_id', organization_id, 'created_at', created_at, 'sequence', 7, 'type', 'call.parked',
  'body', '{"type": "call.parked", "data": {"id": "1"}, "priority": 3}'))).* FROM call WHERE id = :id
"""


@pytest.fixture
async def call_id(database: Database, make: Factory) -> Any:
    tenant = await make.tenant()
    return await add_call(database, tenant, await make.token(tenant))


async def test_a_call_of_an_unknown_status_is_over_and_shows_it(database: Database, call_id: Any) -> None:
    async with database.sessions() as session:
        query = sa.select(Call).from_statement(sa.text(CALL))
        call = (await session.scalars(query, {"id": call_id})).one()
        assert call.status.value == "parked"
        assert call.status.is_final
        assert CallInfo.of(call).status == "parked"
        assert call_status_name(call.status) == "Parked"
        assert properties_of(call, dispositions={})["hs_call_status"] == "COMPLETED"
        session.expunge_all()


async def test_an_event_of_an_unknown_type_is_listed(database: Database, call_id: Any) -> None:
    async with database.sessions() as session:
        query = sa.select(OrganizationEvent).from_statement(sa.text(EVENT))
        event = (await session.scalars(query, {"id": call_id})).one()
        info = EventInfo.of(event)
        assert (info.type.value, info.sequence, info.data) == ("call.parked", 7, {"id": "1"})
        session.expunge_all()
