"""Row-level security: requests see and change no rows of other tenants, even without a tenant filter."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import sqlalchemy as sa
from litestar import Litestar, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.middleware import DefineMiddleware
from litestar.params import FromPath
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from structlog.testing import capture_logs

from accounts.auth import SessionMiddleware
from conftest import PUBLIC_URL
from epoch.app import create_app
from kit.db.database import (
    ADMIN_ROLE,
    LOOKUP_ROLE,
    REQUEST_ROLE,
    Database,
    set_tenant_context,
)
from kit.db.model import Base
from kit.http.app_key import DATABASE
from kit.http.sessions import MissingGuard
from kit.settings import Settings
from support.asgi import asgi_transport
from support.factories import sign_in
from support.full_tenant import OWNED_TABLES, FullTenant
from tenants.guards import requires_member

pytestmark = pytest.mark.anyio

INSUFFICIENT_PRIVILEGE = "42501"
NOT_FOR_REQUESTS = {"alert", "audit_event", "limit_override"}
"""Tables whose rows the request role may not change: records of events, and decisions of staff."""
EACH_TABLE = pytest.mark.parametrize("name", sorted(OWNED_TABLES))
WHO_LOOKS = pytest.mark.parametrize("who", ["stranger", "nobody"])


async def is_forbidden(session: AsyncSession, statement: sa.Executable) -> bool:
    """True when PostgreSQL refuses ``statement`` for want of privilege; the change is rolled back."""
    try:
        async with session.begin_nested():
            await session.execute(statement)
    except DBAPIError as error:
        return getattr(error.orig, "sqlstate", None) == INSUFFICIENT_PRIVILEGE
    return False


def foreign_transaction(tenant_database: Database, stranger: FullTenant, who: str) -> Any:
    """A transaction of another organization, or of no organization."""
    return tenant_database.tenant_session(
        *((stranger.ids["organization_id"], stranger.tenant.owner.id) if who == "stranger" else (None,))
    )


@EACH_TABLE
async def test_every_tenant_table_has_policies_for_reading_and_writing(database: Database, name: str) -> None:
    async with database.sessions() as session:
        flags = sa.text("SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE oid = to_regclass(:table)")
        enabled, forced = (await session.execute(flags, {"table": f'"{name}"'})).one()
        policies = sa.text(
            "SELECT qual, with_check FROM pg_policies"
            " WHERE tablename = :table AND policyname = 'tenant' AND cmd = 'ALL' AND roles = ARRAY[:role]::name[]"
        )
        qual, with_check = (await session.execute(policies, {"table": name, "role": REQUEST_ROLE})).one()
    assert (enabled, forced) == (True, True)
    assert "organization_id" in qual
    assert "app.organization" in qual
    assert with_check == qual


async def test_no_other_table_has_a_tenants_column() -> None:
    columns = {name for name, table in Base.metadata.tables.items() if "organization_id" in table.c}
    assert columns == set(OWNED_TABLES)


@WHO_LOOKS
@EACH_TABLE
async def test_rows_of_another_organization_are_out_of_sight(
    tenant_database: Database, database: Database, victim: FullTenant, stranger: FullTenant, name: str, who: str
) -> None:
    table, victim_id = OWNED_TABLES[name], victim.ids["organization_id"]
    theirs = sa.select(sa.func.count()).select_from(table).where(table.c.organization_id == victim_id)
    async with database.sessions() as session:
        assert await session.scalar(theirs), f"make_full_tenant() makes no row in {name}"

    async with foreign_transaction(tenant_database, stranger, who) as session:
        assert await session.scalar(theirs) == 0
    async with tenant_database.tenant_session(victim_id) as session:
        assert await session.scalar(theirs)


@WHO_LOOKS
@EACH_TABLE
async def test_rows_of_another_organization_are_out_of_reach(
    tenant_database: Database, victim: FullTenant, stranger: FullTenant, name: str, who: str
) -> None:
    table, victim_id = OWNED_TABLES[name], victim.ids["organization_id"]
    theirs = table.c.organization_id == victim_id
    async with foreign_transaction(tenant_database, stranger, who) as session:
        assert await is_forbidden(session, sa.insert(table).values(id=uuid4(), organization_id=victim_id))
        for change in (sa.update(table).where(theirs).values(created_at=sa.func.now()), sa.delete(table).where(theirs)):
            if name in NOT_FOR_REQUESTS:
                assert await is_forbidden(session, change)
            else:
                done = await session.execute(change)
                assert isinstance(done, sa.CursorResult)
                assert done.rowcount == 0


@EACH_TABLE
async def test_no_row_is_given_to_another_organization(
    tenant_database: Database, victim: FullTenant, stranger: FullTenant, name: str
) -> None:
    table = OWNED_TABLES[name]
    async with foreign_transaction(tenant_database, stranger, "stranger") as session:
        assert await is_forbidden(session, sa.update(table).values(organization_id=victim.ids["organization_id"]))


@WHO_LOOKS
async def test_another_organization_itself_is_out_of_sight_and_reach(
    tenant_database: Database, victim: FullTenant, stranger: FullTenant, who: str
) -> None:
    table, victim_id = Base.metadata.tables["organization"], victim.ids["organization_id"]
    async with foreign_transaction(tenant_database, stranger, who) as session:
        seen = set(await session.scalars(sa.select(table.c.id)))
        assert seen == ({stranger.ids["organization_id"]} if who == "stranger" else set())
        for change in (sa.update(table).values(name="taken"), sa.delete(table)):
            done = await session.execute(change.where(table.c.id == victim_id))
            assert isinstance(done, sa.CursorResult)
            assert done.rowcount == 0
        assert await is_forbidden(
            session, sa.insert(table).values(id=uuid4(), name="x", slug=f"x-{uuid4()}", country="US")
        )


async def test_a_person_sees_their_own_memberships_and_adds_none(
    tenant_database: Database, victim: FullTenant, stranger: FullTenant
) -> None:
    membership, person = OWNED_TABLES["membership"], victim.member.id
    async with tenant_database.tenant_session(None, person) as session:
        assert set(await session.scalars(sa.select(membership.c.user_id))) == {person}
        raised = sa.update(membership).where(membership.c.user_id == person).values(role="owner")
        done = await session.execute(raised)
        assert isinstance(done, sa.CursorResult)
        assert done.rowcount == 0
        own_membership = {
            "id": uuid4(),
            "organization_id": stranger.ids["organization_id"],
            "user_id": person,
            "role": "owner",
        }
        assert await is_forbidden(session, sa.insert(membership).values(own_membership))


async def test_a_transaction_that_names_nobody_sees_nothing(tenant_database: Database, victim: FullTenant) -> None:
    async with tenant_database.sessions() as session:
        for table in (*OWNED_TABLES.values(), Base.metadata.tables["organization"]):
            assert await session.scalar(sa.select(sa.func.count()).select_from(table)) == 0, table.name


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT label FROM embed_token",
        "SELECT created_by FROM embed_token",
        "SELECT slug, limits FROM organization",
        "SELECT name FROM user_account",
        "SELECT email FROM user_account",
        "SELECT password_hash FROM user_account",
        "SELECT digest FROM login_session",
        "SELECT email FROM invitation",
        "SELECT role FROM membership",
        "SELECT from_number_id FROM call",
        "SELECT * FROM call",
        "SELECT metadata FROM call",
        "SELECT kind FROM call_event",
        "SELECT details FROM audit_event",
        "INSERT INTO call (id) VALUES (gen_random_uuid())",
        "UPDATE call SET status = 'completed'",
        "DELETE FROM call",
        "UPDATE organization SET plan = 'enterprise'",
        "UPDATE embed_token SET revoked_at = NULL",
        "UPDATE embed_token SET allowed_domains = '{}'",
        "UPDATE api_key SET revoked_at = NULL",
        "UPDATE phone_number SET e164 = ''",
        "INSERT INTO membership (id) VALUES (gen_random_uuid())",
        "INSERT INTO audit_event (id) VALUES (gen_random_uuid())",
        "TRUNCATE blocked_origin",
        "CREATE TABLE mine (id int)",
    ],
)
async def test_the_look_up_role_may_not_run(tenant_database: Database, statement: str) -> None:
    assert await tenant_database.lookup_pool.fetch_value("SELECT current_user") == LOOKUP_ROLE
    with pytest.raises(Exception, match="permission denied") as refused:
        await tenant_database.lookup_pool.execute(statement)
    assert getattr(refused.value, "sqlstate", None) == INSUFFICIENT_PRIVILEGE


@pytest.mark.parametrize("role", [REQUEST_ROLE, LOOKUP_ROLE, ADMIN_ROLE])
async def test_no_role_stands_above_the_policies(database: Database, role: str) -> None:
    async with database.sessions() as session:
        attributes = sa.text(
            "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication"
            " FROM pg_roles WHERE rolname = :role"
        )
        assert tuple((await session.execute(attributes, {"role": role})).one()) == (False,) * 5
        owned = sa.text(
            "SELECT count(*) FROM pg_class WHERE relowner = (SELECT oid FROM pg_roles WHERE rolname = :role)"
        )
        assert await session.scalar(owned, {"role": role}) == 0
        member_of = sa.text(
            "SELECT count(*) FROM pg_auth_members WHERE member = (SELECT oid FROM pg_roles WHERE rolname = :role)"
        )
        assert await session.scalar(member_of, {"role": role}) == 0


WHO_AM_I = sa.select(
    sa.literal_column("current_user"),
    sa.func.current_setting("app.organization", True),
    sa.func.current_setting("app.user", True),
    sa.func.pg_backend_pid(),
)


@get("/who-am-i/{organization_id:uuid}", guards=[requires_member])
async def who_am_i(
    db_session: NamedDependency[AsyncSession], organization_id: FromPath[UUID], state: State
) -> list[str]:
    """A route of the test: returns the database role and settings with which requests run."""
    state.organizations_seen.append(organization_id)
    return [str(value) for value in (await db_session.execute(WHO_AM_I)).one()]


@get("/fails/{organization_id:uuid}", guards=[requires_member])
async def fails(db_session: NamedDependency[AsyncSession], organization_id: FromPath[UUID]) -> None:
    await db_session.execute(WHO_AM_I)
    raise RuntimeError(f"after a statement for {organization_id}")


@get("/without-a-guard/{organization_id:uuid}")
async def without_a_guard(db_session: NamedDependency[AsyncSession], organization_id: FromPath[UUID]) -> None:
    raise AssertionError(f"{db_session} of {organization_id} must not be given to a handler without a guard")


@get("/without-a-user")
async def without_a_user(user_session: NamedDependency[AsyncSession]) -> None:
    raise AssertionError(f"{user_session} must not be given to a handler without a guard")


@pytest.fixture(scope="module")
async def one_connection_app(settings: Settings) -> AsyncIterator[Litestar]:
    """The application with one database connection, so that a request would find what an earlier request left on it."""
    assert settings.database_url is not None
    application = create_app(settings, database=Database(settings.database_url, engine_connections=1))
    application.state.organizations_seen = []
    for handler in (who_am_i, fails, without_a_guard, without_a_user):
        handler.middleware = [DefineMiddleware(SessionMiddleware, public_url=PUBLIC_URL)]
        application.register(handler)
    async with application.lifespan():
        yield application


async def test_requests_run_as_the_request_role_and_leave_nothing_behind(
    one_connection_app: Litestar, victim: FullTenant
) -> None:
    organization_id, engine = victim.ids["organization_id"], DATABASE.get(one_connection_app).engine
    transport = asgi_transport(one_connection_app)
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL) as client:
        await sign_in(client, victim.tenant.owner)

        role, organization, person, backend = (await client.get(f"/who-am-i/{organization_id}")).json()
        async with engine.connect() as connection:
            after_answer = tuple((await connection.execute(WHO_AM_I)).one())
        failed = await client.get(f"/fails/{organization_id}")
        async with engine.connect() as connection:
            after_failure = tuple((await connection.execute(WHO_AM_I)).one())

    assert (role, organization, person) == (REQUEST_ROLE, str(organization_id), str(victim.tenant.owner.id))
    assert failed.status_code == 500
    assert after_answer == after_failure == (REQUEST_ROLE, "", "", int(backend))
    assert one_connection_app.state.organizations_seen == [organization_id]


@pytest.mark.parametrize(
    ("path", "handler", "session"),
    [
        ("/without-a-guard/{organization_id}", "without_a_guard", "db_session"),
        ("/without-a-user", "without_a_user", "user_session"),
    ],
)
async def test_a_handler_without_a_guard_gets_no_session(
    one_connection_app: Litestar, victim: FullTenant, path: str, handler: str, session: str
) -> None:
    transport = asgi_transport(one_connection_app)
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL) as client:
        with capture_logs() as logged:
            answer = await client.get(path.format(organization_id=victim.ids["organization_id"]))

    assert answer.status_code == 500
    error = next(line["exc_info"] for line in logged if line["event"] == "unexpected_error")
    assert isinstance(error, MissingGuard)
    assert f"{handler} asks for {session}" in str(error)


async def test_rolling_back_a_savepoint_restores_the_earlier_organization(
    tenant_database: Database, victim: FullTenant, stranger: FullTenant
) -> None:
    async with tenant_database.tenant_session(stranger.ids["organization_id"]) as session:
        savepoint = await session.begin_nested()
        await set_tenant_context(session, victim.ids["organization_id"])
        await savepoint.rollback()
        shown = await session.scalar(sa.func.current_setting("app.organization", True))
    assert shown == str(stranger.ids["organization_id"])
