"""Database sessions of a handler are closed at once when its request is cancelled, not by the garbage collector."""

import asyncio
from uuid import uuid4

import httpx
import pytest
import sqlalchemy as sa
from litestar import Litestar, get
from litestar.di import NamedDependency, Provide
from sqlalchemy.ext.asyncio import AsyncSession

from kit.db.database import Database
from kit.db.reading_session import ReadingSession, ReadingSessionFactory
from kit.http.app_key import DATABASE, READING_SESSIONS
from kit.http.sessions import (
    TenantContext,
    UserContext,
    provide_reading_session,
    provide_tenant_session,
    provide_user_session,
)
from support.asgi import asgi_transport

pytestmark = pytest.mark.anyio


async def test_all_sessions_of_a_handler_are_closed(database: Database) -> None:
    """Litestar stops with the first provider that raises the cancellation again."""
    sessions: list[AsyncSession] = []
    are_open = asyncio.Event()

    @get("/")
    async def wait(
        db_session: NamedDependency[AsyncSession],
        reading_session: NamedDependency[ReadingSession],
        user_session: NamedDependency[AsyncSession],
    ) -> None:
        sessions.extend((db_session, reading_session, user_session))
        for session in sessions:
            await session.scalar(sa.text("SELECT 1"))
        are_open.set()
        await asyncio.Event().wait()

    context = TenantContext(organization_id=uuid4(), user_id=None)
    application = Litestar(
        [wait],
        dependencies={
            "tenant_context": Provide(lambda: context, sync_to_thread=False),
            "user_context": Provide(lambda: UserContext(user_id=uuid4()), sync_to_thread=False),
            "db_session": Provide(provide_tenant_session),
            "reading_session": Provide(provide_reading_session),
            "user_session": Provide(provide_user_session),
        },
        openapi_config=None,
    )
    application.state.update([DATABASE.entry(database), READING_SESSIONS.entry(ReadingSessionFactory(database))])
    transport = asgi_transport(application)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        request = asyncio.create_task(client.get("/"))
        await asyncio.wait_for(are_open.wait(), 30)
        assert [session.in_transaction() for session in sessions] == [True] * 3
        request.cancel()
        with pytest.raises(asyncio.CancelledError):
            await request
    assert [session.in_transaction() for session in sessions] == [False] * 3
