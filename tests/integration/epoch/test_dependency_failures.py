"""A full disk, a read-only database, an unreadable carrier: changes get 503, calls are rejected, reads go on."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import asyncpg
import httpx
import pytest
from litestar import Litestar
from structlog.testing import capture_logs

from admin.models import StaffRole
from carrier.port import CarrierUnavailable, NumberQuery
from carrier.twilio import TwilioCarrier
from conftest import PUBLIC_URL
from epoch.app import create_app
from kit.clock import utc_now
from kit.db.database import Database
from kit.settings import Settings
from support.api_helpers import assert_refused
from support.asgi import asgi_transport
from support.callback_client import CallbackClient, new_sid
from support.factories import Factory, sign_in
from support.page_session import form_token
from support.passwords import PASSWORD
from support.staff import StaffBrowser, make_staff, sign_in_to_back_office
from support.staff import post as post_as_staff
from support.widget_client import post_token

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
WRITES = 20
FAULTS = {"full disk": "free space on it", "read-only": "let EPOCH_DATABASE_URL lead to the primary"}
"""The faults, and what health checks advise."""
_FULL_DISK = """
CREATE FUNCTION no_space() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$;
"""
_FILL = "CREATE TRIGGER no_space BEFORE INSERT OR UPDATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION no_space()"
"""The server's error of a full disk, raised by the server for every write to a table."""
_END_OTHERS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> $2"
_TABLES = "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"


@pytest.fixture(scope="module")
async def own_app(own_settings: Settings) -> AsyncIterator[Litestar]:
    application = create_app(own_settings)
    async with application.lifespan():
        yield application


@pytest.fixture
async def visitor(own_app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    transport = asgi_transport(own_app)
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL) as browser:
        yield browser


@pytest.fixture
async def colleague(own_app: Litestar, jobs: Database) -> AsyncIterator[StaffBrowser]:
    transport = asgi_transport(own_app)
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL) as browser:
        yield await sign_in_to_back_office(browser, await make_staff(jobs, StaffRole.ADMIN))


@asynccontextmanager
async def full_disk(url: str) -> AsyncIterator[None]:
    owner = await asyncpg.connect(url)
    tables = [row["relname"] for row in await owner.fetch(_TABLES)]
    await owner.execute(_FULL_DISK + ";".join(_FILL.format(table=f'"{table}"') for table in tables))
    try:
        yield
    finally:
        await owner.execute("DROP FUNCTION no_space CASCADE")
        await owner.close()


@asynccontextmanager
async def read_only(url: str) -> AsyncIterator[None]:
    owner = await asyncpg.connect(url)
    name = await owner.fetchval("SELECT current_database()")

    async def change(setting: str) -> None:
        value = " = on" if setting == "SET" else ""
        await owner.execute(f'ALTER DATABASE "{name}" {setting} default_transaction_read_only{value}')
        await owner.execute(_END_OTHERS, name, owner.get_server_pid())

    await change("SET")
    try:
        yield
    finally:
        await change("RESET")
        await owner.close()


def fault_of(name: str, url: str) -> AbstractAsyncContextManager[None]:
    return full_disk(url) if name == "full disk" else read_only(url)


@pytest.mark.parametrize(("fault", "advice"), FAULTS.items())
async def test_changes_get_503_reads_go_on_calls_are_rejected_and_the_log_stays_short(
    visitor: httpx.AsyncClient,
    colleague: StaffBrowser,
    jobs: Database,
    own_settings: Settings,
    own_database_url: str,
    fault: str,
    advice: str,
) -> None:
    make = Factory(jobs, own_settings)
    tenant = await make.tenant()
    token, carrier, sid = await make.token(tenant), CallbackClient(visitor, own_settings), new_sid()
    await sign_in(visitor, tenant.owner)
    tokens, page = f"/api/organizations/{tenant.organization.id}/embed-tokens", f"/dashboard/{tenant.organization.slug}"
    form = {
        "csrf_token": form_token((await visitor.get(f"{page}/settings/organization")).text) or "",
        "name": "New name",
    }
    assert b"<Dial " in (await carrier.outgoing(token.id, sid)).content

    with capture_logs() as logged:
        async with fault_of(fault, own_database_url):
            writes = await asyncio.gather(*(visitor.post(tokens, json={"label": "Site"}) for _ in range(WRITES)))
            reads = await visitor.get(tokens)
            signed_in = await visitor.post("/api/session", json={"email": tenant.owner.email, "password": PASSWORD})
            saved = await visitor.post(f"{page}/settings/organization", data=form)
            exchanged = await post_token(visitor, token.raw)
            called = await carrier.outgoing(token.id, new_sid())
            ended = await carrier.send("/voice/dial-ended", {"CallSid": sid, "DialCallStatus": "completed"})
            reported = await carrier.event(sid, "completed", utc_now())
            health = await visitor.get("/health/dependencies")
            of_staff = await post_as_staff(colleague.client, "/admin/login", email=colleague.email, password=PASSWORD)

    for answer in (*writes, signed_in, reported):
        assert_refused(answer, 503, "service_unavailable")
    assert (reads.status_code, exchanged.status_code) == (200, 200)
    for answer in (saved, of_staff):
        assert (answer.status_code, "Service temporarily unavailable" in answer.text) == (503, True), answer.text
    assert (called.status_code, ended.status_code) == (200, 200)
    assert b"<Reject" in called.content
    assert (health.status_code, health.json()["failing"]) == (503, ["database"])
    assert any(advice in warning for warning in health.json()["warnings"])
    events = Counter(line["event"] for line in logged)
    assert events["unexpected_error"] == 0
    assert not any("exc_info" in line for line in logged)
    written = [line for line in logged if line["event"] == "dependency_failed" and line["where"] == tokens]
    assert len(written) <= 2
    assert (await visitor.post(tokens, json={"label": "Site"})).status_code == 201


@pytest.mark.parametrize(
    "body", [b"<html>Bad gateway</html>", b"", b"[]", b'"x"', b'{"incoming_phone_numbers": 7}', b"{", b"\xff\xfe"]
)
async def test_a_carrier_whose_answer_cannot_be_read_is_unavailable(own_settings: Settings, body: bytes) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        fields = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close"
        writer.write(f"HTTP/1.1 200 OK\r\n{fields}\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    carrier = TwilioCarrier(own_settings.twilio, api_base=address, signaling=None)
    try:
        asked: list[Any] = [carrier.owned_numbers(), carrier.search_numbers(NumberQuery("US"), limit=1)]
        outcomes = await asyncio.gather(*asked, return_exceptions=True)
    finally:
        await carrier.close()
        server.close()
    assert [type(outcome) for outcome in outcomes] == [CarrierUnavailable] * 2
