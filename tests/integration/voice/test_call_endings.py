"""Revocation ends live calls: the carrier is asked until it has ended them, and no other call is touched."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from http import HTTPStatus

import httpx
import pytest
import sqlalchemy as sa
from litestar import Litestar

from carrier.twilio import TwilioCarrier
from factories import Factory, Tenant, Token
from kit.db import Database
from kit.settings import Settings
from tenants.models import Organization
from voice.endings import CallEnder
from voice.models import Call
from webhooks import CarrierSide, new_sid

pytestmark = pytest.mark.anyio
NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
RETRIES = [2, 4, 6, 6, 6, 6]
"""Seconds from each request to the next while the carrier does not take them."""


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class CarrierEndpoint:
    """A carrier's REST address that answers each request alike and remembers which calls it was asked to end."""

    def __init__(self) -> None:
        self.status = HTTPStatus.OK
        self.asked: list[str] = []
        self.was_asked = asyncio.Event()
        self._server: asyncio.Server | None = None

    async def start(self) -> str:
        self._server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        host, port = self._server.sockets[0].getsockname()
        return f"http://{host}:{port}"

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(
            int(line.split(":")[1]) for line in head.splitlines() if line.lower().startswith("content-length")
        )
        assert await reader.readexactly(length) == b"Status=completed"
        self.asked.append(head.split(" ")[1].rpartition("/")[2].removesuffix(".json"))
        self.was_asked.set()
        body = b'{"sid": "CA", "status": "completed"}' if self.status < 400 else b'{"code": 1, "message": "no"}'
        writer.write(
            b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
            % (self.status, len(body))
            + body
        )
        await writer.drain()
        writer.close()


@pytest.fixture
async def endpoint() -> AsyncIterator[CarrierEndpoint]:
    server = CarrierEndpoint()
    yield server
    await server.stop()


@pytest.fixture
async def carrier(endpoint: CarrierEndpoint, settings: Settings) -> AsyncIterator[TwilioCarrier]:
    own = TwilioCarrier(settings.twilio, api_base=await endpoint.start(), signaling=None)
    yield own
    await own.close()


@pytest.fixture
async def side(client: httpx.AsyncClient, settings: Settings) -> CarrierSide:
    return CarrierSide(client, settings)


@pytest.fixture(autouse=True)
async def no_calls_of_other_tests(database: Database) -> None:
    """A sweep looks at every call there is."""
    async with database.sessions() as session, session.begin():
        await session.execute(sa.delete(Call))


async def live_call(side: CarrierSide, token: Token) -> str:
    sid = new_sid()
    assert b"<Dial " in (await side.outgoing(token.id, sid)).content
    return sid


async def change(database: Database, tenant: Tenant, **values: object) -> None:
    async with database.sessions() as session, session.begin():
        mine = Organization.id == tenant.organization.id
        await session.execute(sa.update(Organization).where(mine).values(**values))


@pytest.mark.parametrize("cause", ["revoked", "suspended", "deleted"])
async def test_live_calls_that_may_not_go_on_are_ended_and_no_others(
    app: Litestar,
    side: CarrierSide,
    make: Factory,
    database: Database,
    carrier: TwilioCarrier,
    endpoint: CarrierEndpoint,
    cause: str,
) -> None:
    tenant, other = await make.tenant(), await make.tenant()
    token, sister, stranger = await make.token(tenant), await make.token(tenant), await make.token(other)
    mine = [await live_call(side, token) for _ in range(2)]
    hers, theirs = await live_call(side, sister), await live_call(side, stranger)
    over = await live_call(side, token)
    await side.event(over, "completed", NOON, child=new_sid(), sequence=3, CallDuration="1")
    ender = CallEnder(app.state.database, carrier)
    await ender.sweep()
    assert endpoint.asked == []

    if cause == "revoked":
        await make.revoke(tenant, token)
    else:
        await change(database, tenant, **{f"{cause}_at": sa.func.now()})
    await ender.sweep()

    expected = mine if cause == "revoked" else [*mine, hers]
    assert sorted(endpoint.asked) == sorted(expected)
    assert theirs not in endpoint.asked


async def test_a_downgrade_lets_live_calls_finish(
    app: Litestar,
    side: CarrierSide,
    make: Factory,
    database: Database,
    carrier: TwilioCarrier,
    endpoint: CarrierEndpoint,
) -> None:
    tenant = await make.tenant()
    await live_call(side, await make.token(tenant))
    await change(database, tenant, plan="starter")
    await CallEnder(app.state.database, carrier).sweep()
    assert endpoint.asked == []


@pytest.mark.parametrize("status", [HTTPStatus.OK, HTTPStatus.NOT_FOUND, HTTPStatus.BAD_REQUEST])
async def test_the_carrier_is_asked_again_until_it_reports_the_end(
    app: Litestar,
    side: CarrierSide,
    make: Factory,
    carrier: TwilioCarrier,
    endpoint: CarrierEndpoint,
    status: HTTPStatus,
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    sid = await live_call(side, token)
    await make.revoke(tenant, token)
    endpoint.status = status
    clock = Clock()
    ender = CallEnder(app.state.database, carrier, clock=clock)
    await ender.sweep()
    for asked, wait in enumerate(RETRIES, 1):
        clock.now += wait - 0.1
        await ender.sweep()
        assert len(endpoint.asked) == asked
        clock.now += 0.1
        await ender.sweep()
        assert len(endpoint.asked) == asked + 1
    assert set(endpoint.asked) == {sid}

    await side.event(sid, "completed", NOON, child=new_sid(), sequence=3, CallDuration="1")
    clock.now += 1000
    await ender.sweep()
    assert len(endpoint.asked) == len(RETRIES) + 1


async def test_a_carrier_that_is_away_does_not_stop_the_sweep(
    app: Litestar, side: CarrierSide, make: Factory, settings: Settings, endpoint: CarrierEndpoint
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    for _ in range(3):
        await live_call(side, token)
    await make.revoke(tenant, token)
    address = await endpoint.start()
    await endpoint.stop()
    away = TwilioCarrier(settings.twilio, api_base=address, signaling=None)
    await CallEnder(app.state.database, away).sweep()
    await away.close()
    assert endpoint.asked == []


async def test_a_call_that_the_sandbox_does_not_know_is_no_error(
    app: Litestar, side: CarrierSide, make: Factory
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    await live_call(side, token)
    await make.revoke(tenant, token)
    sandbox = make.carrier()
    await CallEnder(app.state.database, sandbox).sweep()
    await sandbox.close()


async def test_the_running_application_sweeps_by_itself(
    app: Litestar,
    side: CarrierSide,
    make: Factory,
    settings: Settings,
    carrier: TwilioCarrier,
    endpoint: CarrierEndpoint,
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    sid = await live_call(side, token)
    await make.revoke(tenant, token)
    ender = CallEnder(app.state.database, carrier)
    ender.start()
    try:
        await asyncio.wait_for(endpoint.was_asked.wait(), 30)
    finally:
        await ender.stop()
    assert endpoint.asked[0] == sid
