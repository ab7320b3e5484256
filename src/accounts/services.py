"""What happens to people: signing in and out, and who a session belongs to."""

import hashlib
import secrets
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
import sqlalchemy as sa
from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from advanced_alchemy.service import SQLAlchemyAsyncRepositoryService
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.errors import WrongCredentials
from accounts.models import LoginSession, User
from accounts.passwords import Passwords
from kit.clock import utc_now

IDLE = timedelta(hours=12)
ABSOLUTE = timedelta(days=14)
SEEN_EVERY = timedelta(minutes=1)


class Viewer(msgspec.Struct, frozen=True):
    """The person behind a request."""

    user_id: UUID
    session_id: UUID
    email: str
    name: str


class UserService(SQLAlchemyAsyncRepositoryService[User]):
    """People and their passwords."""

    class Repository(SQLAlchemyAsyncRepository[User]):
        model_type = User

    repository_type = Repository

    async def sign_up(self, *, email: str, password: str, name: str, passwords: Passwords, verified: bool) -> User:
        """Create a person."""
        return await self.create(
            User(
                email=email.strip().lower(),
                name=name,
                password_hash=await passwords.hash(password),
                email_verified_at=utc_now() if verified else None,
            )
        )

    async def authenticate(self, *, email: str, password: str, passwords: Passwords) -> User:
        """Return the person behind ``email`` when ``password`` is theirs.

        Raises:
            WrongCredentials: whatever of it is wrong.
        """
        user = await self.get_one_or_none(User.email == email.strip().lower())
        matched = await passwords.matches(None if user is None else user.password_hash, password)
        if user is None or not matched or user.disabled_at is not None:
            raise WrongCredentials
        if passwords.is_outdated(user.password_hash):
            user.password_hash = await passwords.hash(password)
        return user


class SessionService(SQLAlchemyAsyncRepositoryService[LoginSession]):
    """Signed-in browsers. Rows are made at sign-in only, and never made again by a write."""

    class Repository(SQLAlchemyAsyncRepository[LoginSession]):
        model_type = LoginSession

    repository_type = Repository

    async def begin(self, user_id: UUID) -> str:
        """Sign ``user_id`` in and return the raw session id for the cookie."""
        raw = secrets.token_urlsafe(32)
        await self.create(LoginSession(user_id=user_id, digest=session_digest(raw), expires_at=utc_now() + ABSOLUTE))
        return raw

    async def end(self, session_id: UUID) -> None:
        """Sign a browser out; final, also for a request that is under way."""
        await self.repository.session.execute(sa.delete(LoginSession).where(LoginSession.id == session_id))


async def viewer_of(session: AsyncSession, raw: str, now: datetime) -> Viewer | None:
    """The person whose live session ``raw`` is; notes at most once a minute that it was seen."""
    query = (
        sa.select(LoginSession.id, LoginSession.last_seen_at, User.id, User.email, User.name)
        .join(User, User.id == LoginSession.user_id)
        .where(
            LoginSession.digest == session_digest(raw),
            LoginSession.expires_at > now,
            LoginSession.last_seen_at > now - IDLE,
            User.disabled_at.is_(None),
        )
    )
    row = (await session.execute(query)).one_or_none()
    if row is None:
        return None
    session_id, seen_at, user_id, email, name = row
    if now - seen_at > SEEN_EVERY:
        # An update, never an upsert: a session that was ended meanwhile stays ended.
        await session.execute(sa.update(LoginSession).where(LoginSession.id == session_id).values(last_seen_at=now))
    return Viewer(user_id=user_id, session_id=session_id, email=email, name=name)


def session_digest(raw: str) -> bytes:
    """SHA-256 of a raw session id."""
    return hashlib.sha256(raw.encode()).digest()
