"""People as rows: found, created, named."""

from typing import TypeVar
from uuid import UUID

from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from advanced_alchemy.service import SQLAlchemyAsyncRepositoryService

from accounts.errors import NotSignedIn
from accounts.models import Person, User
from accounts.passwords import Passwords
from accounts.rules import comparable_email, read_name
from accounts.second_factor import SecondFactor
from accounts.sessions import SessionService
from kit.actor import Actor
from kit.audit import record
from kit.clock import utc_now
from kit.errors import NotFound

P = TypeVar("P", bound=Person)


class PeopleService(SQLAlchemyAsyncRepositoryService[P]):
    """People of one kind, as the door asks for them."""

    async def named(self, email: str) -> P | None:
        """The person who signs in with ``email``, as it was typed."""
        return await self.get_one_or_none(self.model_type.email == comparable_email(email))

    async def signed_in(self, user_id: UUID) -> P:
        """The person whose session it is. Raises: NotSignedIn, when they are gone or disabled."""
        kind = self.model_type
        user = await self.get_one_or_none(kind.id == user_id, kind.disabled_at.is_(None))
        if user is None:
            raise NotSignedIn
        return user


class UserService(PeopleService[User]):
    """Customers and their passwords."""

    class Repository(SQLAlchemyAsyncRepository[User]):
        model_type = User

    repository_type = Repository

    async def sign_up(self, *, email: str, password: str, name: str, passwords: Passwords, verified: bool) -> User:
        """Create a person whose password nobody needs to judge: seeds and tests."""
        return await self.create(
            User(
                email=email.strip().lower(),
                name=name,
                password_hash=await passwords.hash(password),
                email_verified_at=utc_now() if verified else None,
            )
        )

    async def disable(self, user_id: UUID, *, by: Actor) -> None:
        """Sign a person out everywhere, for as long as staff say. Raises: NotSignedIn, when they are gone or out."""
        user = await self.signed_in(user_id)
        user.disabled_at = utc_now()
        await self._end_sessions(user, by, "account.disabled")

    async def enable(self, user_id: UUID, *, by: Actor) -> None:
        """Let a person sign in again. Raises: NotFound, when they are gone or may do so already."""
        user = await self.get_one_or_none(User.id == user_id, User.disabled_at.is_not(None))
        if user is None:
            raise NotFound
        user.disabled_at = None
        session = self.repository.session
        await record(session, by, "account.enabled", subject_id=user.id, subject_name=user.email)

    async def reset_second_factor(self, user_id: UUID, factor: SecondFactor, *, by: Actor) -> User:
        """Switch a person's second factor off for them. Raises: NotFound, SecondFactorUnchanged."""
        user = await self.get_one_or_none(User.id == user_id)
        if user is None:
            raise NotFound
        await factor.disable(self.repository.session, user, by=by)
        await SessionService(self.repository.session).end_all(user.id)
        return user

    async def _end_sessions(self, user: User, by: Actor, action: str) -> None:
        session = self.repository.session
        await session.flush()
        await SessionService(session).end_all(user.id)
        await record(session, by, action, subject_id=user.id, subject_name=user.email)

    async def rename(self, user_id: UUID, name: str, *, by: Actor) -> None:
        """Change what a person is called. Raises: NotSignedIn, ValidationFailed."""
        user = await self.signed_in(user_id)
        before, user.name = user.name, read_name(name)
        changed = {"before": {"name": before}, "after": {"name": user.name}}
        await record(self.repository.session, by, "account.renamed", subject_id=user.id, details=changed)


def acting(user: Person, address: str) -> Actor:
    """A person who does something before, or without, a session."""
    return Actor(user.actor_kind, user.id, user.email, address)
