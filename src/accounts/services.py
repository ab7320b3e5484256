"""Finds, creates, renames, disables and enables accounts, and removes their credentials."""

from typing import Any, ClassVar, Generic, TypeVar
from uuid import UUID

from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.errors import NotSignedIn
from accounts.models import AbstractAccount, TokenPurpose, User
from accounts.one_time_tokens import OneTimeTokenService
from accounts.rules import normalize_email, parse_name
from accounts.second_factor import SecondFactorService
from accounts.sessions import SessionService
from accounts.totp import TotpSecrets
from kit.actor import Actor
from kit.audit import record
from kit.clock import utc_now
from kit.errors import NotFound

A = TypeVar("A", bound=AbstractAccount)


class AccountService(Generic[A]):
    """The accounts of one kind: customers or staff."""

    repository_type: ClassVar[type[SQLAlchemyAsyncRepository[Any]]]

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._repository: SQLAlchemyAsyncRepository[A] = self.repository_type(session=session)

    async def find_by_email(self, email: str) -> A | None:
        """The account with the typed ``email``."""
        return await self._repository.get_one_or_none(self._repository.model_type.email == normalize_email(email))

    async def find(self, user_id: UUID) -> A | None:
        """The account with this id, disabled or not."""
        return await self._repository.get_one_or_none(self._repository.model_type.id == user_id)

    async def get_active(self, user_id: UUID) -> A:
        """The account with this id. Raises: NotSignedIn, when it is unknown or disabled."""
        model = self._repository.model_type
        user = await self._repository.get_one_or_none(model.id == user_id, model.disabled_at.is_(None))
        if user is None:
            raise NotSignedIn
        return user


class UserService(AccountService[User]):
    """The accounts of customers."""

    class Repository(SQLAlchemyAsyncRepository[User]):
        model_type = User

    repository_type = Repository

    async def create_user(self, *, email: str, name: str, password_hash: str, verified: bool) -> User:
        """Create an account without checking its password, for the demo and tests."""
        return await self._repository.add(
            User(
                email=email.strip().lower(),
                name=name,
                password_hash=password_hash,
                email_verified_at=utc_now() if verified else None,
            )
        )

    async def disable(self, user_id: UUID, *, by: Actor) -> None:
        """Disable an account and end its sessions. Raises: NotSignedIn, when it is unknown or disabled already."""
        user = await self.get_active(user_id)
        user.disabled_at = utc_now()
        session = self._session
        await session.flush()
        await SessionService(session).end_all(user.id)
        await record(session, by, "account.disabled", subject_id=user.id, subject_name=user.email)

    async def enable(self, user_id: UUID, *, by: Actor) -> None:
        """Enable a disabled account. Raises: NotFound, when it is unknown or not disabled."""
        user = await self._repository.get_one_or_none(User.id == user_id, User.disabled_at.is_not(None))
        if user is None:
            raise NotFound
        user.disabled_at = None
        session = self._session
        await record(session, by, "account.enabled", subject_id=user.id, subject_name=user.email)

    async def reset_second_factor(self, user_id: UUID, totp: TotpSecrets, *, by: Actor) -> User:
        """Remove a person's second factors and end their sessions. Raises: NotFound, SecondFactorStateConflict."""
        user = await self._repository.get_one_or_none(User.id == user_id)
        if user is None:
            raise NotFound
        await SecondFactorService(self._session, totp).remove_all(user, by=by)
        await SessionService(self._session).end_all(user.id)
        return user

    async def rename(self, user_id: UUID, name: str, *, by: Actor) -> None:
        """Change a person's name. Raises: NotSignedIn, ValidationFailed."""
        user = await self.get_active(user_id)
        before, user.name = user.name, parse_name(name)
        changed = {"before": {"name": before}, "after": {"name": user.name}}
        await record(self._session, by, "account.renamed", subject_id=user.id, details=changed)


async def remove_credentials(session: AsyncSession, user: User, totp: TotpSecrets, *, by: Actor) -> None:
    """Remove second factors, sessions and mailed links, which somebody else may have set up before the confirmation.

    The password is not changed here.
    """
    await SecondFactorService(session, totp).remove_all_if_any(user, by=by)
    await session.flush()
    await SessionService(session).end_all(user.id)
    await OneTimeTokenService(session).delete_all(user.id, *TokenPurpose)


def actor_of(user: AbstractAccount, ip_address: str) -> Actor:
    """The account as the actor of an action without a session."""
    return Actor(user.actor_kind, user.id, user.email, ip_address)
