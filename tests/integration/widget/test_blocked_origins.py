"""Origins of pages that an embed token does not allow are counted for each token; their number is limited."""

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import select

from kit.db.database import Database
from kit.http.app_key import DATABASE
from support.factories import Factory, Token
from widget.blocked_origins import BLOCKED_ORIGINS, BlockedOriginWriter
from widget.models import MAX_BLOCKED_ORIGINS, BlockedOrigin

pytestmark = pytest.mark.anyio


async def stored_counts(database: Database, token: Token) -> dict[str, int]:
    async with database.sessions() as session:
        rows = await session.scalars(select(BlockedOrigin).where(BlockedOrigin.token_id == token.id))
        return {row.origin: row.times for row in rows}


async def test_a_blocked_exchange_is_counted(
    app: Litestar, client: httpx.AsyncClient, make: Factory, database: Database
) -> None:
    token = await make.token(await make.tenant(), allowed_domains=["mysite.com"])
    for origin in ("https://evil.example", "https://evil.example", "https://mysite.com"):
        await client.post("/widget/exchange", json={"token": token.raw}, headers={"origin": origin})
    await BLOCKED_ORIGINS.get(app).flush()
    assert await stored_counts(database, token) == {"https://evil.example": 2}


async def test_counts_of_several_flushes_add_up(database: Database, app: Litestar, make: Factory) -> None:
    token = await make.token(await make.tenant())
    writer = BlockedOriginWriter(DATABASE.get(app))
    for _ in range(3):
        writer.add(token.id, [b"https://evil.example"])
        await writer.flush()
    assert await stored_counts(database, token) == {"https://evil.example": 3}


async def test_of_many_origins_only_the_newest_rows_are_kept(database: Database, app: Litestar, make: Factory) -> None:
    token = await make.token(await make.tenant())
    writer = BlockedOriginWriter(DATABASE.get(app))
    for number in range(MAX_BLOCKED_ORIGINS + 10):
        writer.add(token.id, [f"https://{number}.example".encode()])
        await writer.flush()
    stored_origins = await stored_counts(database, token)
    assert len(stored_origins) == MAX_BLOCKED_ORIGINS
    assert f"https://{MAX_BLOCKED_ORIGINS + 9}.example" in stored_origins
    assert "https://0.example" not in stored_origins


@pytest.mark.parametrize("origins", [[], [b""], [b"https://a.example", b"https://b.example"]])
async def test_origins_that_no_browser_sends_are_not_stored(
    database: Database, app: Litestar, make: Factory, origins: list[bytes]
) -> None:
    token = await make.token(await make.tenant())
    writer = BlockedOriginWriter(DATABASE.get(app))
    writer.add(token.id, origins)
    await writer.flush()
    assert await stored_counts(database, token) == {}


async def test_an_origin_with_unprintable_bytes_is_cut_and_made_printable(
    database: Database, app: Litestar, make: Factory
) -> None:
    token = await make.token(await make.tenant())
    writer = BlockedOriginWriter(DATABASE.get(app))
    writer.add(token.id, [b"https://\x00\xff" + b"x" * 500])
    await writer.flush()
    (origin,) = await stored_counts(database, token)
    assert len(origin) == 100
    assert origin.isprintable()
