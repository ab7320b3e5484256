"""People as rows: found, created, named."""

from typing import Any, ClassVar, Generic, TypeVar
from uuid import UUID

from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.errors import NotSignedIn
from accounts.models import AbstractAccount, User
from accounts.passwords import Passwords
from accounts.rules import normalize_email, parse_name
from accounts.second_factor import SecondFactor
from accounts.sessions import SessionService
from kit.actor import Actor
from kit.audit import record
from kit.clock import utc_now
from kit.errors import NotFound

P = TypeVar("P", bound=AbstractAccount)


class AccountService(Generic[P]):
    """The accounts of one kind: customers or staff."""

    repository_type: ClassVar[type[SQLAlchemyAsyncRepository[Any]]]

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._repository: SQLAlchemyAsyncRepository[P] = self.repository_type(session=session)

    async def find_by_email(self, email: str) -> P | None:
        """The person who signs in with ``email``, as it was typed."""
        return await self._repository.get_one_or_none(self._repository.model_type.email == normalize_email(email))

    async def find(self, user_id: UUID) -> P | None:
        """The account with this id, disabled or not."""
        return await self._repository.get_one_or_none(self._repository.model_type.id == user_id)

    async def get_active(self, user_id: UUID) -> P:
        """The person whose session it is. Raises: NotSignedIn, when they are gone or disabled."""
        kind = self._repository.model_type
        user = await self._repository.get_one_or_none(kind.id == user_id, kind.disabled_at.is_(None))
        if user is None:
            raise NotSignedIn
        return user


class UserService(AccountService[User]):
    """Customers and their passwords."""

    class Repository(SQLAlchemyAsyncRepository[User]):
        model_type = User

    repository_type = Repository

    async def create_user(self, *, email: str, password: str, name: str, passwords: Passwords, verified: bool) -> User:
        """Create a person whose password nobody needs to judge: seeds and tests."""
        return await self._repository.add(
            User(
                email=email.strip().lower(),
                name=name,
                password_hash=await passwords.hash(password),
                email_verified_at=utc_now() if verified else None,
            )
        )

    async def disable(self, user_id: UUID, *, by: Actor) -> None:
        """Sign a person out everywhere, for as long as staff say. Raises: NotSignedIn, when they are gone or out."""
        user = await self.get_active(user_id)
        user.disabled_at = utc_now()
        await self._end_sessions(user, by, "account.disabled")

    async def enable(self, user_id: UUID, *, by: Actor) -> None:
        """Let a person sign in again. Raises: NotFound, when they are gone or may do so already."""
        user = await self._repository.get_one_or_none(User.id == user_id, User.disabled_at.is_not(None))
        if user is None:
            raise NotFound
        user.disabled_at = None
        session = self._session
        await record(session, by, "account.enabled", subject_id=user.id, subject_name=user.email)

    async def reset_second_factor(self, user_id: UUID, factor: SecondFactor, *, by: Actor) -> User:
        """Switch a person's second factor off for them. Raises: NotFound, SecondFactorUnchanged."""
        user = await self._repository.get_one_or_none(User.id == user_id)
        if user is None:
            raise NotFound
        await factor.disable(self._session, user, by=by)
        await SessionService(self._session).end_all(user.id)
        return user

    async def _end_sessions(self, user: User, by: Actor, action: str) -> None:
        session = self._session
        await session.flush()
        await SessionService(session).end_all(user.id)
        await record(session, by, action, subject_id=user.id, subject_name=user.email)

    async def rename(self, user_id: UUID, name: str, *, by: Actor) -> None:
        """Change what a person is called. Raises: NotSignedIn, ValidationFailed."""
        user = await self.get_active(user_id)
        before, user.name = user.name, parse_name(name)
        changed = {"before": {"name": before}, "after": {"name": user.name}}
        await record(self._session, by, "account.renamed", subject_id=user.id, details=changed)


def actor_of(user: AbstractAccount, address: str) -> Actor:
    """A person who does something before, or without, a session."""
    return Actor(user.actor_kind, user.id, user.email, address)
