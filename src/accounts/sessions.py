"""Starts, lists and ends sessions, and finds the person behind a session cookie."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, Generic, TypeVar
from uuid import UUID

import msgspec
import sqlalchemy as sa
from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.errors import NotSignedIn
from accounts.models import AbstractSession, LoginSession, User
from kit.clock import utc_now
from kit.db.database import Database
from kit.db.raw import CompiledStatement
from kit.secrets import digest
from kit.text import is_valid_text

IDLE_TIMEOUT = timedelta(hours=12)
SESSION_LIFETIME = timedelta(days=14)
LAST_SEEN_PRECISION = timedelta(minutes=1)
SECOND_FACTOR_TIMEOUT = timedelta(minutes=10)
"""The time between the password and the code."""
MAX_USER_AGENT_CHARACTERS = 200


S = TypeVar("S", bound=AbstractSession)


class Viewer(msgspec.Struct, frozen=True):
    """The signed-in person of a request."""

    user_id: UUID
    session_id: UUID
    email: str
    name: str
    email_verified: bool


class Browser(msgspec.Struct, frozen=True):
    """The IP address and user agent of a client that signs in."""

    ip_address: str = ""
    user_agent: str = ""


class AbstractSessionService(Generic[S]):
    """The sessions of one kind of account: customers or staff."""

    repository_type: ClassVar[type[SQLAlchemyAsyncRepository[Any]]]

    idle_timeout: ClassVar[timedelta]
    lifetime: ClassVar[timedelta]

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._repository: SQLAlchemyAsyncRepository[S] = self.repository_type(session=session)
        self._model: type[S] = self._repository.model_type

    async def start(self, user_id: UUID, browser: Browser, *, awaits_second_factor: bool = False) -> str:
        """Start a session for ``user_id`` and return its raw id for the cookie.

        A session that awaits the second factor does not sign in.
        """
        now, raw, rows = utc_now(), secrets.token_urlsafe(32), self._model
        is_expired = sa.or_(rows.expires_at < now, rows.last_seen_at < now - self.idle_timeout)
        await self._delete(rows.user_id == user_id, is_expired)
        agent = browser.user_agent if is_valid_text(browser.user_agent) else ""
        session = rows(
            user_id=user_id,
            digest=digest(raw),
            expires_at=now + (SECOND_FACTOR_TIMEOUT if awaits_second_factor else self.lifetime),
            awaits_second_factor=awaits_second_factor,
            user_agent=agent[:MAX_USER_AGENT_CHARACTERS],
            address=browser.ip_address,
        )
        self._session.add(session)
        await self._session.flush()
        return raw

    async def rotate_id(self, session_id: UUID) -> str:
        """Give a session a new raw id and return it. Raises: NotSignedIn, when the session has ended."""
        raw, rows = secrets.token_urlsafe(32), self._model
        renewed = await self._session.scalar(
            sa.update(rows).where(rows.id == session_id).values(digest=digest(raw)).returning(rows.id)
        )
        if renewed is None:
            raise NotSignedIn
        return raw

    async def end(self, session_id: UUID) -> None:
        """End a session by deleting it."""
        await self._delete(self._model.id == session_id)

    async def end_for_user(self, user_id: UUID, session_id: UUID) -> bool:
        """End one session of a person; False when the person has no such session."""
        return await self._delete(self._model.user_id == user_id, self._model.id == session_id) > 0

    async def end_by_raw_id(self, raw: str) -> None:
        """End the session with this raw id, if any."""
        await self._delete(self._model.digest == digest(raw))

    async def end_all(self, user_id: UUID, *, except_id: UUID | None = None) -> int:
        """End all sessions of a person, except ``except_id``; return how many there were."""
        rows = self._model
        conditions = [rows.user_id == user_id]
        if except_id is not None:
            conditions.append(rows.id != except_id)
        return await self._delete(*conditions)

    async def list_active(self, user_id: UUID) -> Sequence[S]:
        """A person's active sessions, the last seen first."""
        rows = self._model
        query = (
            sa.select(rows)
            .where(rows.user_id == user_id, *is_active(rows, utc_now(), self.idle_timeout), ~rows.awaits_second_factor)
            .order_by(rows.last_seen_at.desc(), rows.id.desc())
        )
        found: Sequence[S] = (await self._session.scalars(query)).all()
        return found

    async def find_awaiting_second_factor(self, raw: str) -> S | None:
        """The session ``raw``, when it awaits the second factor."""
        rows = self._model
        return await self._repository.get_one_or_none(
            rows.digest == digest(raw),
            *is_active(rows, utc_now(), self.idle_timeout),
            rows.awaits_second_factor.is_(True),
        )

    async def _delete(self, *conditions: sa.ColumnElement[bool]) -> int:
        """Delete the matching sessions and return how many there were."""
        statement = sa.delete(self._model).where(*conditions).returning(self._model.id)
        deleted = await self._session.scalars(statement)
        return len(deleted.all())


class SessionService(AbstractSessionService[LoginSession]):
    """The sessions of customers."""

    class Repository(SQLAlchemyAsyncRepository[LoginSession]):
        model_type = LoginSession

    repository_type = Repository
    idle_timeout = IDLE_TIMEOUT
    lifetime = SESSION_LIFETIME


async def find_viewer(database: Database, raw: str, now: datetime) -> Viewer | None:
    """The person of the active session ``raw``. Its last use is stored at most once a minute."""
    row = await database.read_pool.fetch_row(_FIND_VIEWER, digest=digest(raw), now=now)
    if row is None:
        return None
    session_id, seen_at, user_id, email, name, verified_at = row
    if now - seen_at > LAST_SEEN_PRECISION:
        # An update, not an upsert: a session that has ended meanwhile stays ended.
        seen = sa.update(LoginSession).where(LoginSession.id == session_id).values(last_seen_at=now)
        async with database.sessions() as session, session.begin():
            await session.execute(seen)
    return Viewer(
        user_id=user_id, session_id=session_id, email=email, name=name, email_verified=verified_at is not None
    )


def is_active(
    rows: type[AbstractSession], now: datetime | sa.ColumnElement[datetime], idle: timedelta
) -> tuple[sa.ColumnElement[bool], ...]:
    """The filter of sessions that have not expired."""
    return rows.expires_at > now, rows.last_seen_at > now - idle


_FIND_VIEWER = CompiledStatement(
    sa.select(LoginSession.id, LoginSession.last_seen_at, User.id, User.email, User.name, User.email_verified_at)
    .join(User, User.id == LoginSession.user_id)
    .where(
        LoginSession.digest == sa.bindparam("digest"),
        *is_active(LoginSession, sa.bindparam("now", type_=LoginSession.expires_at.type), IDLE_TIMEOUT),
        ~LoginSession.awaits_second_factor,
        User.disabled_at.is_(None),
    )
)
