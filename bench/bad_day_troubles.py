"""The troubles of ``bad_day.py``: faults and overload caused by one tenant or by strangers, each in its own process."""

import asyncio
import contextlib
import json
import multiprocessing
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import asyncpg

from accounts.auth import cookie_name
from bad_day_probe import NOISY, Client, InvalidMeasurement, Tenants, request
from serving import public_url

SETTLE_SECONDS = 2.0
FORK = multiprocessing.get_context("fork")
SLOW_CLIENTS, FLOOD_CLIENTS, EXPORT_CLIENTS, SIGN_INS, WRITERS = 600, 40, 30, 400, 12


@dataclass(frozen=True)
class Trouble:
    """The server, the database and the tenants, as each trouble function uses them."""

    port: int
    database_url: str
    tenants: Tenants

    @property
    def cookie(self) -> str:
        return f"Cookie: {cookie_name(public_url(self.port))}={self.tenants.sessions[NOISY - 1]}"

    @property
    def api(self) -> str:
        return f"/api/organizations/{self.tenants.ids[NOISY - 1]}"


async def quiet(_: Trouble) -> None:
    """No trouble."""
    await asyncio.Event().wait()


async def slow_clients(trouble: Trouble) -> None:
    """Incomplete requests of strangers: headers that do not end, bodies that do not arrive."""

    async def one(number: int) -> None:
        while True:
            with contextlib.suppress(OSError):
                source = (f"127.0.0.{2 + number % 3}", 0)
                reader, writer = await asyncio.open_connection("127.0.0.1", trouble.port, local_addr=source)
                head = b"POST /widget/exchange HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900\r\n"
                writer.write(head if number % 2 else head + b"\r\n{")
                await reader.read()
                writer.close()
            await asyncio.sleep(0.5)

    await asyncio.gather(*(one(number) for number in range(SLOW_CLIENTS)))


async def flood(trouble: Trouble) -> None:
    """One tenant asks for pages and lists again and again."""
    paths = (
        "/dashboard/customer-1/calls",
        f"{trouble.api}/calls",
        "/dashboard/customer-1/usage",
        f"{trouble.api}/usage",
    )

    async def one(number: int) -> None:
        client = Client(trouble.port)
        while True:
            path = paths[number % len(paths)]
            await client.send(request(trouble.port, "GET", path, address="10.0.0.1", headers=[trouble.cookie]))

    await asyncio.gather(*(one(number) for number in range(FLOOD_CLIENTS)))


async def slow_exports(trouble: Trouble) -> None:
    """One tenant downloads its 20,000 calls again and again, slowly."""

    async def one() -> None:
        sent = request(
            trouble.port, "GET", f"{trouble.api}/calls/export.csv", address="10.0.0.1", headers=[trouble.cookie]
        )
        while True:
            reader, writer = await asyncio.open_connection("127.0.0.1", trouble.port)
            writer.write(sent.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
            while True:
                if not await reader.read(16_384):
                    break
                await asyncio.sleep(0.02)
            writer.close()
            await asyncio.sleep(0.2)

    await asyncio.gather(*(one() for _ in range(EXPORT_CLIENTS)))


async def sign_ins(trouble: Trouble) -> None:
    """Hundreds of people sign in at once with a wrong password, each from another IP address."""
    client = Client(trouble.port)
    _, head, _ = await client.send(request(trouble.port, "GET", "/api/session", address="10.2.0.1"))
    token = head.partition(b"csrftoken=")[2].partition(b";")[0].decode()
    headers = [f"Cookie: csrftoken={token}", f"x-csrftoken: {token}", "Content-Type: application/json"]

    async def one(number: int) -> None:
        body = json.dumps({"email": f"nobody-{time.time_ns()}@customer.test", "password": "wrong-password"}).encode()
        address = f"10.{3 + number // 250}.{time.time_ns() % 250}.{number % 250}"
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await Client(trouble.port).send(
                request(trouble.port, "POST", "/api/session", address=address, headers=headers, body=body)
            )

    while True:
        await asyncio.gather(*(one(number) for number in range(SIGN_INS)))


async def locked_row(trouble: Trouble) -> None:
    """A row of one tenant is locked for a second at a time, and writes of it wait."""
    client = Client(trouble.port)
    _, head, _ = await client.send(
        request(trouble.port, "GET", "/api/session", address="10.0.0.1", headers=[trouble.cookie])
    )
    csrf = head.partition(b"csrftoken=")[2].partition(b";")[0].decode()
    headers = [f"{trouble.cookie}; csrftoken={csrf}", f"x-csrftoken: {csrf}", "Content-Type: application/json"]
    path = f"{trouble.api}/embed-tokens/{trouble.tenants.token_ids[NOISY - 1]}"

    async def write() -> None:
        own = Client(trouble.port)
        while True:
            sent = request(trouble.port, "PATCH", path, address="10.0.0.1", headers=headers, body=b'{"label": "Page"}')
            await own.send(sent)

    async def lock() -> None:
        connection = await asyncpg.connect(trouble.database_url)
        while True:
            async with connection.transaction():
                token_id = trouble.tenants.token_ids[NOISY - 1]
                await connection.execute("SELECT FROM embed_token WHERE id = $1 FOR UPDATE", token_id)
                await asyncio.sleep(1)

    await asyncio.gather(lock(), *(write() for _ in range(WRITERS)))


async def heavy_query(trouble: Trouble) -> None:
    """A query of an administrator keeps one processor of the database busy."""
    connection = await asyncpg.connect(trouble.database_url)
    while True:
        await connection.fetchval("SELECT sum(sqrt(n)) FROM generate_series(1, 1000000) n")


TROUBLES: dict[str, Callable[[Trouble], Awaitable[None]]] = {
    f"{SLOW_CLIENTS} half-open requests": slow_clients,
    f"{FLOOD_CLIENTS} clients of one tenant without a pause": flood,
    f"{EXPORT_CLIENTS} slow exports of one tenant": slow_exports,
    f"{SIGN_INS} sign-ins at once, again and again": sign_ins,
    f"a locked row and {WRITERS} writers of one tenant": locked_row,
    "a heavy query in the database": heavy_query,
}


def make_trouble(name: str, trouble: Trouble, seconds: float) -> None:
    """Make the trouble for ``seconds``; runs in its own process."""

    async def run() -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await TROUBLES[name](trouble)

    asyncio.run(run())


@contextlib.asynccontextmanager
async def in_trouble(name: str, trouble: Trouble, seconds: float) -> AsyncIterator[None]:
    """Make the trouble while the block runs."""
    process = FORK.Process(target=make_trouble, args=(name, trouble, seconds + 30), daemon=True)
    process.start()
    await asyncio.sleep(SETTLE_SECONDS)
    try:
        yield
        if not process.is_alive():
            raise InvalidMeasurement(f"{name}: the trouble ended early")
    finally:
        process.terminate()
        process.join()
