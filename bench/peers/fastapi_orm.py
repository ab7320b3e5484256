"""Peer of the exchange benchmark: FastAPI with the SQLAlchemy ORM on asyncpg.

Body and answer are Pydantic models; a dependency opens a database session for each request.
"""

import os
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, FastAPI, Header, HTTPException, Response
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from peers import quickstart

engine = create_async_engine(
    os.environ["EPOCH_DATABASE_URL"].replace("postgresql://", "postgresql+asyncpg://", 1), **quickstart.POOL
)
sessions = async_sessionmaker(engine, expire_on_commit=False)
app = FastAPI()


async def session() -> AsyncIterator[AsyncSession]:
    """A session per request."""
    async with sessions() as opened:
        yield opened


class ExchangeRequest(BaseModel):
    """The body."""

    token: str


class WidgetSettings(BaseModel):
    """The appearance of phones."""

    theme: str
    position: str


class WidgetSession(BaseModel):
    """The answer."""

    access_token: str
    token_type: str
    expires_in: int
    expires_at: str
    identity: str
    caller_id: str
    country: str
    calling_code: str
    trunk_prefix: str
    international_prefix: str
    organization: str
    ticket: str
    signaling: str | None
    settings: WidgetSettings


@app.post("/widget/exchange")
async def exchange(
    body: ExchangeRequest,
    response: Response,
    db: Annotated[AsyncSession, Depends(session)],
    origin: Annotated[str | None, Header()] = None,
) -> WidgetSession:
    """Exchange an embed token."""
    row = (await db.execute(quickstart.look_up(body.token))).one_or_none()
    try:
        answer = quickstart.answer(row, origin)
    except quickstart.Refused as refused:
        raise HTTPException(refused.status, refused.detail) from refused
    response.headers.update(quickstart.HEADERS)
    return WidgetSession(**answer)
