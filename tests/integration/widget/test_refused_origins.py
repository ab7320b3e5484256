"""Pages that a token refused are kept beside it, bounded whatever strangers send."""

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import select

from kit.db.database import Database
from kit.http.app_key import DATABASE
from support.factories import Factory, Token
from widget.blocked_origins import BLOCKED_ORIGINS, KEPT, RefusedOrigins
from widget.models import RefusedOrigin

pytestmark = pytest.mark.anyio


async def stored(database: Database, token: Token) -> dict[str, int]:
    async with database.sessions() as session:
        rows = await session.scalars(select(RefusedOrigin).where(RefusedOrigin.token_id == token.id))
        return {row.origin: row.times for row in rows}


async def test_a_refused_exchange_is_noted_and_counted(
    app: Litestar, client: httpx.AsyncClient, make: Factory, database: Database
) -> None:
    token = await make.token(await make.tenant(), allowed_domains=["mysite.com"])
    for origin in ("https://evil.example", "https://evil.example", "https://mysite.com"):
        await client.post("/widget/exchange", json={"token": token.raw}, headers={"origin": origin})
    await BLOCKED_ORIGINS.get(app).flush()
    assert await stored(database, token) == {"https://evil.example": 2}


async def test_counts_of_several_flushes_add_up(database: Database, app: Litestar, make: Factory) -> None:
    token = await make.token(await make.tenant())
    refused = RefusedOrigins(DATABASE.get(app))
    for _ in range(3):
        refused.note(token.id, [b"https://evil.example"])
        await refused.flush()
    assert await stored(database, token) == {"https://evil.example": 3}


async def test_a_flood_of_origins_keeps_the_newest_rows_only(database: Database, app: Litestar, make: Factory) -> None:
    token = await make.token(await make.tenant())
    refused = RefusedOrigins(DATABASE.get(app))
    for number in range(KEPT + 10):
        refused.note(token.id, [f"https://{number}.example".encode()])
        await refused.flush()
    kept = await stored(database, token)
    assert len(kept) == KEPT
    assert f"https://{KEPT + 9}.example" in kept
    assert "https://0.example" not in kept


@pytest.mark.parametrize("origins", [[], [b""], [b"https://a.example", b"https://b.example"]])
async def test_what_no_browser_sends_is_not_kept(
    database: Database, app: Litestar, make: Factory, origins: list[bytes]
) -> None:
    token = await make.token(await make.tenant())
    refused = RefusedOrigins(DATABASE.get(app))
    refused.note(token.id, origins)
    await refused.flush()
    assert await stored(database, token) == {}


async def test_an_origin_of_odd_bytes_is_cut_and_made_readable(
    database: Database, app: Litestar, make: Factory
) -> None:
    token = await make.token(await make.tenant())
    refused = RefusedOrigins(DATABASE.get(app))
    refused.note(token.id, [b"https://\x00\xff" + b"x" * 500])
    await refused.flush()
    (origin,) = await stored(database, token)
    assert len(origin) == 100
    assert origin.isprintable()
