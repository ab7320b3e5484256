"""Peer of the exchange benchmark: FastAPI with asyncpg and without Pydantic models; uses ``asyncpg_exchange``."""

import contextlib
from collections.abc import AsyncIterator

from fastapi import FastAPI, HTTPException, Request, Response

from peers import asyncpg_exchange, quickstart


@contextlib.asynccontextmanager
async def lifespan(application: FastAPI) -> AsyncIterator[None]:
    """Hold the pool while the application serves."""
    application.state.pool = await asyncpg_exchange.open_pool()
    yield
    await application.state.pool.close()


app = FastAPI(lifespan=lifespan)


@app.post("/widget/exchange")
async def exchange(request: Request) -> Response:
    """Exchange an embed token."""
    try:
        answer = await asyncpg_exchange.answer(
            request.app.state.pool, await request.body(), request.headers.get("origin")
        )
    except quickstart.Refused as refused:
        raise HTTPException(refused.status, refused.detail) from refused
    return Response(answer, media_type="application/json", headers=quickstart.HEADERS)
