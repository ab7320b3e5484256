"""A request that is refused for its parameters neither takes nor loses a connection of its handler's session."""

import asyncio
from collections.abc import Iterator
from contextvars import ContextVar
from uuid import uuid4

import httpx
import pytest
import sqlalchemy as sa
from litestar import Litestar, Request, get
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from sqlalchemy.ext.asyncio import AsyncSession

from kit.db.database import ADMIN_ROLE, Database
from kit.errors import ValidationFailed
from kit.http.app_key import DATABASE
from kit.http.problems import EXCEPTION_HANDLERS
from kit.http.sessions import TenantContext, provide_tenant_session
from support.asgi import asgi_transport
from support.connections import ConnectionWatch
from support.factories import Factory, Tenant, sign_in

pytestmark = pytest.mark.anyio
REQUESTS = 50
BAD_LISTS = ("limit=0", "limit=-1", "limit=x", "limit=1000000000000", "cursor=x", "cursor=", "cursor=%00")
BAD_BODIES = (b"{", b"[]", b'{"label": 7}', b'{"label": "x", "unknown": 1}', b'{"label": "' + b"x" * 65 + b'"}')


IS_REQUEST_OF_TEST: ContextVar[bool] = ContextVar("is_request_of_test", default=False)
"""True in the requests of a test, which run in its context; False in the application's background work."""


@pytest.fixture
def uses(app: Litestar) -> Iterator[list[object]]:
    """One item for each use of a connection by a session of a test's request."""
    engine = DATABASE.get(app).engine.sync_engine
    found: list[object] = []

    def note(_: object, record: object, __: object) -> None:
        if IS_REQUEST_OF_TEST.get():
            found.append(record)

    sa.event.listen(engine, "checkout", note)
    yield found
    sa.event.remove(engine, "checkout", note)


async def test_bad_parameters_use_no_connection_of_the_handlers_session(
    client: httpx.AsyncClient, tenant: Tenant, uses: list[object]
) -> None:
    await sign_in(client, tenant.owner)
    api = f"/api/organizations/{tenant.organization.id}"
    IS_REQUEST_OF_TEST.set(True)
    assert (await client.get(f"{api}/calls")).status_code == 200
    assert len(uses) == 1
    uses.clear()
    for query in BAD_LISTS:
        for path in ("/api/organizations", f"{api}/calls", f"{api}/members", f"{api}/audit"):
            answer = await client.get(f"{path}?{query}")
            assert answer.status_code == 400, (path, query, answer.text)
    for body in BAD_BODIES:
        json = {"content-type": "application/json"}
        answer = await client.post(f"{api}/embed-tokens", content=body, headers=json)
        assert answer.status_code == 400, (body, answer.text)
    assert uses == []


async def test_many_bad_lists_leave_the_connections_that_there_were(
    app: Litestar, client: httpx.AsyncClient, tenant: Tenant, database_url: str
) -> None:
    await sign_in(client, tenant.owner)
    watch = await ConnectionWatch.open(app, database_url)
    await asyncio.gather(*(client.get("/api/organizations") for _ in range(REQUESTS)))
    before = await watch.backends()
    answers = await asyncio.gather(*(client.get("/api/organizations?limit=0") for _ in range(REQUESTS)))
    after = await watch.backends()
    await watch.wait_until_idle()
    await watch.close()
    assert {answer.status_code for answer in answers} == {400}
    assert before.items() <= after.items()


def _context() -> TenantContext:
    return TenantContext(organization_id=uuid4(), user_id=None)


def _source() -> str:
    return "query"


async def _refused(request: Request[object, object, State], source: NamedDependency[str]) -> str:
    # Refused at different moments of the opening of a session.
    for _ in range(int(request.query_params["turns"])):
        await asyncio.sleep(0)
    raise ValidationFailed([(source, "Must be from 1 to 100")])


@get("/")
async def _read(db_session: NamedDependency[AsyncSession], refused: NamedDependency[str]) -> str:
    return refused + str(await db_session.scalar(sa.text("SELECT 1")))


async def test_a_parameter_that_is_refused_beside_the_session_destroys_no_connection(
    database_url: str, make: Factory
) -> None:
    """Litestar resolves both at the same time, and cancels the session's provider when the other one fails."""
    await make.tenant()
    database = Database(database_url, role=ADMIN_ROLE, engine_connections=2)
    opened: list[object] = []
    sa.event.listen(database.engine.sync_engine, "connect", lambda connection, _: opened.append(connection))
    application = Litestar(
        [_read],
        dependencies={
            "tenant_context": Provide(_context, sync_to_thread=False),
            "db_session": Provide(provide_tenant_session),
            "source": Provide(_source, sync_to_thread=False),
            "refused": Provide(_refused),
        },
        exception_handlers=EXCEPTION_HANDLERS,
        openapi_config=None,
    )
    application.state.update([DATABASE.entry(database)])
    async with database.sessions() as session:
        await session.execute(sa.text("SELECT 1"))
    transport = asgi_transport(application)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        answers = [await client.get("/", params={"turns": number % 8}) for number in range(REQUESTS)]
    assert {answer.status_code for answer in answers} == {400}
    assert (len(opened), database.connections_in_use) == (1, 0)
    await database.stop()
