"""``/widget/outcome``: the phone sets the outcome and note of its own call, and reads nothing back."""

import datetime as dt
from typing import Any
from uuid import uuid4

import httpx
import pytest

from calls.models import Call
from calls.outcomes.rules import Outcome
from calls.outcomes.services import PHONE_PERIOD, OutcomeService
from kit.actor import SYSTEM
from kit.clock import utc_now
from kit.db.database import Database
from support.call_factory import add_call
from support.factories import Factory, Tenant, Token, sign_in
from support.widget_client import assert_problem, assert_public, post, post_token

pytestmark = pytest.mark.anyio
PATH = "/widget/outcome"


@pytest.fixture
async def two_outcomes(database: Database, tenant: Tenant) -> None:
    """Two outcomes of ``tenant``."""
    async with database.sessions() as session, session.begin():
        outcomes = Outcome("Reached", "#059669", True), Outcome("No interest <b>")
        await OutcomeService(session).replace(tenant.organization.id, outcomes, by=SYSTEM)


async def stored_remarks(database: Database, call_id: Any) -> tuple[Any, Any, Any]:
    async with database.sessions() as session:
        call = await session.get_one(Call, call_id)
    return call.outcome, call.note, call.tags


@pytest.mark.usefixtures("two_outcomes")
async def test_the_phone_stores_an_outcome_and_a_note_with_the_agent_as_author(
    client: httpx.AsyncClient, database: Database, tenant: Tenant, token: Token
) -> None:
    phone_call_id = uuid4()
    call = await add_call(database, tenant, token, call_id=phone_call_id, agent="Ann")
    note = "😀" * 5_000
    answer = await post_token(
        client, token.raw, path=PATH, call_id=str(phone_call_id), outcome="Reached", note=note, tags=["a"]
    )
    assert (answer.status_code, answer.content) == (204, b"")
    assert_public(answer)
    assert await stored_remarks(database, call) == ("Reached", note, ["a"])
    assert (await post_token(client, token.raw, path=PATH, call_id=str(phone_call_id), note="")).status_code == 204
    assert await stored_remarks(database, call) == ("Reached", None, ["a"])

    owner = await sign_in(client, tenant.owner)
    shown = (await owner.get(f"/api/organizations/{tenant.organization.id}/calls/{call}")).json()
    assert [(row["source"], row["by"], row["note"]) for row in shown["changes"]] == [
        ("phone", "Ann", None),
        ("phone", "Ann", note),
    ]


@pytest.mark.usefixtures("two_outcomes")
async def test_a_call_is_found_with_its_own_token_only(
    client: httpx.AsyncClient, make: Factory, database: Database, tenant: Tenant, token: Token
) -> None:
    phone_call_id, other = uuid4(), await make.token(tenant)
    call = await add_call(database, tenant, token, call_id=phone_call_id)
    unknown: tuple[tuple[str, dict[str, Any]], ...] = (
        (other.raw, {"call_id": str(phone_call_id)}),
        (token.raw, {"call_id": str(uuid4())}),
        (token.raw, {"call_id": str(call)}),
        (token.raw, {"call_id": "x"}),
        (token.raw, {}),
    )
    for raw, given in unknown:
        answer = await post_token(client, raw, path=PATH, note="x", **given)
        assert_problem(answer, 404, "not_found", "Not found")
    assert await stored_remarks(database, call) == (None, None, None)


@pytest.mark.usefixtures("two_outcomes")
async def test_a_day_after_the_end_the_phone_cannot_store_an_outcome(
    client: httpx.AsyncClient, database: Database, tenant: Tenant, token: Token
) -> None:
    for late, status in ((dt.timedelta(minutes=-1), 204), (dt.timedelta(minutes=1), 409)):
        phone_call_id, ended_at = uuid4(), utc_now() - PHONE_PERIOD - late
        await add_call(database, tenant, token, call_id=phone_call_id, started_at=ended_at - dt.timedelta(seconds=65))
        answer = await post_token(client, token.raw, path=PATH, call_id=str(phone_call_id), note="x")
        assert answer.status_code == status, answer.text
    assert answer.json()["code"] == "outcome_too_late"
    assert_public(answer)


@pytest.mark.usefixtures("two_outcomes")
@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"outcome": "Sold"}, "outcome"),
        ({"outcome": {"a": 1}}, "outcome"),
        ({"note": "x" * 10_000}, "note"),
        ({"note": 7}, "note"),
        ({"tags": ["x" * 41]}, "tags"),
        ({"tags": ["a", 1]}, "tags"),
        ({}, "outcome"),
    ],
)
async def test_invalid_values_are_refused_with_the_name_of_their_field(
    client: httpx.AsyncClient, database: Database, tenant: Tenant, token: Token, given: Any, field: str
) -> None:
    phone_call_id = uuid4()
    call = await add_call(database, tenant, token, call_id=phone_call_id)
    answer = await post_token(client, token.raw, path=PATH, call_id=str(phone_call_id), **given)
    assert answer.status_code == 400, answer.text
    assert answer.json()["code"] == "validation_failed"
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert_public(answer)
    assert await stored_remarks(database, call) == (None, None, None)


async def test_the_checks_of_the_token_exchange_come_first(
    client: httpx.AsyncClient, make: Factory, tenant: Tenant, token: Token
) -> None:
    narrow = await make.token(tenant, allowed_domains=["crm.example"])
    assert_problem(await post_token(client, "ept_x", path=PATH), 400, "invalid_embed_token", "Invalid embed token")
    assert_problem(await post_token(client, narrow.raw, path=PATH), 403, "domain_not_allowed", "Domain not allowed")
    large = await post(client, b'{"token": "' + b"x" * 70_000 + b'"}', path=PATH)
    assert (large.status_code, large.json()["code"]) == (413, "body_too_large")
    await make.revoke(tenant, token)
    refused = await post_token(client, token.raw, path=PATH, call_id=str(uuid4()), note="x")
    assert_problem(refused, 401, "revoked_embed_token", "Invalid or revoked token")


async def test_the_exchange_names_the_outcomes_of_an_organization_that_has_any(
    client: httpx.AsyncClient, database: Database, tenant: Tenant, token: Token
) -> None:
    assert "outcomes" not in (await post_token(client, token.raw)).json()["settings"]
    async with database.sessions() as session, session.begin():
        outcomes = [Outcome("Reached", "#059669", True), Outcome("Other")]
        await OutcomeService(session).replace(tenant.organization.id, outcomes, by=SYSTEM)
    assert (await post_token(client, token.raw)).json()["settings"]["outcomes"] == [
        {"name": "Reached", "colour": "#059669"},
        {"name": "Other", "colour": "#64748b"},
    ]
