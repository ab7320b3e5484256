"""Signed-in browsers: begun at sign-in only, ended for good, and never made again by a write."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar, TypeVar
from uuid import UUID

import msgspec
import sqlalchemy as sa
from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from advanced_alchemy.service import SQLAlchemyAsyncRepositoryService

from accounts.errors import NotSignedIn
from accounts.models import LoginSession, PersonSession, User
from kit.clock import utc_now
from kit.db.database import Database
from kit.db.raw import CompiledStatement
from kit.secrets import digest
from kit.text import is_valid_text

IDLE = timedelta(hours=12)
ABSOLUTE = timedelta(days=14)
SEEN_EVERY = timedelta(minutes=1)
SECOND_FACTOR_WITHIN = timedelta(minutes=10)
"""How long a browser may wait between the password and the code."""
USER_AGENT_CHARACTERS = 200


S = TypeVar("S", bound=PersonSession)


class Viewer(msgspec.Struct, frozen=True):
    """The person behind a request."""

    user_id: UUID
    session_id: UUID
    email: str
    name: str
    email_verified: bool


class Browser(msgspec.Struct, frozen=True):
    """Where somebody signs in from, as far as they let us know."""

    address: str = ""
    user_agent: str = ""


class PersonSessions(SQLAlchemyAsyncRepositoryService[S]):
    """The sessions of people of one kind."""

    idle: ClassVar[timedelta]
    absolute: ClassVar[timedelta]

    async def begin(self, user_id: UUID, browser: Browser, *, awaits_second_factor: bool = False) -> str:
        """Begin a session for ``user_id`` and return its raw id for the cookie.

        One that awaits the second factor signs nobody in until ``begin`` is called again.
        """
        now, raw, rows = utc_now(), secrets.token_urlsafe(32), self.model_type
        gone = sa.or_(rows.expires_at < now, rows.last_seen_at < now - self.idle)
        await self._delete(rows.user_id == user_id, gone)
        agent = browser.user_agent if is_valid_text(browser.user_agent) else ""
        session = rows(
            user_id=user_id,
            digest=digest(raw),
            expires_at=now + (SECOND_FACTOR_WITHIN if awaits_second_factor else self.absolute),
            awaits_second_factor=awaits_second_factor,
            user_agent=agent[:USER_AGENT_CHARACTERS],
            address=browser.address,
        )
        self.repository.session.add(session)
        await self.repository.session.flush()
        return raw

    async def renew(self, session_id: UUID) -> str:
        """Give a session a new raw id, and return it. Raises: NotSignedIn, when the session was ended meanwhile."""
        raw, rows = secrets.token_urlsafe(32), self.model_type
        renewed = await self.repository.session.scalar(
            sa.update(rows).where(rows.id == session_id).values(digest=digest(raw)).returning(rows.id)
        )
        if renewed is None:
            raise NotSignedIn
        return raw

    async def end(self, session_id: UUID) -> None:
        """End a session; final, also for a request that is under way."""
        await self._delete(self.model_type.id == session_id)

    async def end_one_of(self, user_id: UUID, session_id: UUID) -> bool:
        """End one session of a person; False when they have no such session."""
        return await self._delete(self.model_type.user_id == user_id, self.model_type.id == session_id) > 0

    async def end_raw(self, raw: str) -> None:
        """End the session, if any, whose cookie a browser still shows."""
        await self._delete(self.model_type.digest == digest(raw))

    async def end_all(self, user_id: UUID, *, but: UUID | None = None) -> int:
        """End every session of a person, except ``but``; return how many there were."""
        rows = self.model_type
        which = [rows.user_id == user_id]
        if but is not None:
            which.append(rows.id != but)
        return await self._delete(*which)

    async def live_of(self, user_id: UUID) -> Sequence[S]:
        """The sessions that a person could use now, the last seen first."""
        rows = self.model_type
        query = (
            sa.select(rows)
            .where(rows.user_id == user_id, *alive(rows, utc_now(), self.idle), ~rows.awaits_second_factor)
            .order_by(rows.last_seen_at.desc(), rows.id.desc())
        )
        found: Sequence[S] = (await self.repository.session.scalars(query)).all()
        return found

    async def awaiting(self, raw: str) -> S | None:
        """The session behind ``raw`` while it awaits the second factor."""
        rows = self.model_type
        return await self.get_one_or_none(
            rows.digest == digest(raw), *alive(rows, utc_now(), self.idle), rows.awaits_second_factor.is_(True)
        )

    async def _delete(self, *which: sa.ColumnElement[bool]) -> int:
        gone = sa.delete(self.model_type).where(*which).returning(self.model_type.id)
        deleted = await self.repository.session.scalars(gone)
        return len(deleted.all())


class SessionService(PersonSessions[LoginSession]):
    """The sessions of customers."""

    class Repository(SQLAlchemyAsyncRepository[LoginSession]):
        model_type = LoginSession

    repository_type = Repository
    idle = IDLE
    absolute = ABSOLUTE


async def viewer_of(database: Database, raw: str, now: datetime) -> Viewer | None:
    """The person whose live session ``raw`` is; notes at most once a minute that it was seen."""
    row = await database.read_pool.fetch_row(_FIND_VIEWER, digest=digest(raw), now=now)
    if row is None:
        return None
    session_id, seen_at, user_id, email, name, verified_at = row
    if now - seen_at > SEEN_EVERY:
        # An update, never an upsert: a session that was ended meanwhile stays ended.
        seen = sa.update(LoginSession).where(LoginSession.id == session_id).values(last_seen_at=now)
        async with database.sessions() as session, session.begin():
            await session.execute(seen)
    return Viewer(
        user_id=user_id, session_id=session_id, email=email, name=name, email_verified=verified_at is not None
    )


def alive(
    rows: type[PersonSession], now: datetime | sa.ColumnElement[datetime], idle: timedelta
) -> tuple[sa.ColumnElement[bool], ...]:
    """The filter of the sessions that have not run out."""
    return rows.expires_at > now, rows.last_seen_at > now - idle


_FIND_VIEWER = CompiledStatement(
    sa.select(LoginSession.id, LoginSession.last_seen_at, User.id, User.email, User.name, User.email_verified_at)
    .join(User, User.id == LoginSession.user_id)
    .where(
        LoginSession.digest == sa.bindparam("digest"),
        *alive(LoginSession, sa.bindparam("now", type_=LoginSession.expires_at.type), IDLE),
        ~LoginSession.awaits_second_factor,
        User.disabled_at.is_(None),
    )
)
