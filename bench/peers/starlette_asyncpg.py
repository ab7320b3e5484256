"""Peer of the exchange benchmark: Starlette with asyncpg; uses ``asyncpg_exchange``."""

import contextlib
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from peers import asyncpg_exchange, quickstart


async def exchange(request: Request) -> Response:
    """Exchange an embed token."""
    try:
        answer = await asyncpg_exchange.answer(
            request.app.state.pool, await request.body(), request.headers.get("origin")
        )
    except quickstart.Refused as refused:
        return JSONResponse({"detail": refused.detail}, refused.status)
    return Response(answer, media_type="application/json", headers=quickstart.HEADERS)


@contextlib.asynccontextmanager
async def lifespan(application: Starlette) -> AsyncIterator[None]:
    """Hold the pool while the application serves."""
    application.state.pool = await asyncpg_exchange.open_pool()
    yield
    await application.state.pool.close()


app = Starlette(routes=[Route("/widget/exchange", exchange, methods=["POST"])], lifespan=lifespan)
