"""The door: a password, a second factor where there is one, and then a session."""

from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa

from accounts.errors import NotSignedIn, SecondFactorRequired, WrongCode, WrongCredentials
from accounts.login_throttle import LoginThrottle, account_key
from accounts.models import AbstractAccount
from accounts.passwords import Passwords
from accounts.rules import normalize_email
from accounts.second_factor import SecondFactor
from accounts.services import AccountService, UserService, actor_of
from accounts.sessions import AbstractSessionService, Browser, SessionService
from kit.audit import record
from kit.db.database import Database


class SignedIn(msgspec.Struct, frozen=True):
    """A session that was begun."""

    user_id: UUID
    email: str
    name: str
    raw: str
    """The session's raw id, for the cookie."""
    awaits_second_factor: bool = False


class Authenticator:
    """Lets people in. No database connection is held while a password is checked: a flood of attempts waits for
    the few threads that check passwords, not everybody else for a connection.
    """

    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        limits: LoginThrottle,
        second_factor: SecondFactor,
        *,
        accounts: type[AccountService[Any]] = UserService,
        sessions: type[AbstractSessionService[Any]] = SessionService,
        throttle_scope: str = "sign-in",
    ) -> None:
        """``people`` come in here and get ``sessions``; ``door`` keeps their wrong attempts apart from others'."""
        self._accounts = accounts
        self._sessions = sessions
        self._throttle_scope = throttle_scope
        self._database = database
        self._passwords = passwords
        self._limits = limits
        self._second_factor = second_factor

    async def sign_in(
        self, *, email: str, password: str, code: str | None, browser: Browser, replaces: str | None = None
    ) -> SignedIn:
        """Sign in with all that is asked for; ``replaces`` is the raw id of the session that ends with it.

        Raises:
            TooMany: the account or the address must wait.
            WrongCredentials: whatever of e-mail and password is wrong.
            SecondFactorRequired: the password is right, and a code is needed.
            WrongCode: the code is not one, or was used.
        """
        user = await self._find_by_password(email, password, browser)
        if user.needs_second_factor or user.totp_enabled_at is not None:
            if code is None:
                raise SecondFactorRequired
            await self.verify_code(user, code, browser.address)
        return await self.start_session(user, browser, replaces)

    async def start_sign_in(
        self, *, email: str, password: str, browser: Browser, replaces: str | None = None
    ) -> SignedIn:
        """As ``at_once``, but where a code is needed begin a session that awaits it."""
        user = await self._find_by_password(email, password, browser)
        awaits = user.needs_second_factor or user.totp_enabled_at is not None
        return await self.start_session(user, browser, replaces, awaits_second_factor=awaits)

    async def finish_sign_in(self, *, raw: str, code: str, browser: Browser) -> SignedIn:
        """Turn the session that awaits a code into one that signs in, under a new id.

        Raises: NotSignedIn (no such session), TooMany, WrongCode.
        """
        async with self._database.sessions() as session, session.begin():
            awaiting = await self._sessions(session).find_awaiting(raw)
            if awaiting is None:
                raise NotSignedIn
            user = await self._accounts(session).get_active(awaiting.user_id)
        await self.verify_code(user, code, browser.address)
        return await self.start_session(user, browser, raw)

    async def awaits_code(self, raw: str) -> bool:
        """True when ``raw`` is a session between the password and the code."""
        async with self._database.sessions() as session, session.begin():
            return await self._sessions(session).find_awaiting(raw) is not None

    async def verify_code(self, user: AbstractAccount, code: str, address: str) -> None:
        """Use a code of the second factor up. Raises: TooMany, WrongCode."""
        account = account_key("second-factor", str(user.id))
        await self._limits.ensure_may_attempt(account, address)
        async with self._database.sessions() as session, session.begin():
            # While an enrolment is under way its codes prove nothing: whoever has the password sees its secret.
            right = user.totp_enabled_at is not None and await self._second_factor.verify(session, user, code)
        await self._limits.record_attempt(account, address, succeeded=right)
        if not right:
            raise WrongCode

    async def verify_password(self, user_id: UUID, password: str, address: str) -> None:
        """Somebody who is signed in says their password again. Raises: TooMany, WrongCredentials, NotSignedIn."""
        account = account_key("password", str(user_id))
        await self._limits.ensure_may_attempt(account, address)
        async with self._database.sessions() as session, session.begin():
            user = await self._accounts(session).get_active(user_id)
        matched = await self._passwords.matches(user.password_hash, password)
        await self._limits.record_attempt(account, address, succeeded=matched)
        if not matched:
            raise WrongCredentials

    async def _find_by_password(self, email: str, password: str, browser: Browser) -> AbstractAccount:
        account = account_key(self._throttle_scope, normalize_email(email))
        await self._limits.ensure_may_attempt(account, browser.address)
        async with self._database.sessions() as session, session.begin():
            user: AbstractAccount | None = await self._accounts(session).find_by_email(email)
        matched = await self._passwords.matches(None if user is None else user.password_hash, password)
        right = matched and user is not None and user.disabled_at is None
        await self._limits.record_attempt(account, browser.address, succeeded=right)
        if user is None or not right:
            raise WrongCredentials
        if self._passwords.is_outdated(user.password_hash):
            await self._rehash(user, password)
        return user

    async def _rehash(self, user: AbstractAccount, password: str) -> None:
        fresh = await self._passwords.hash(password)
        async with self._database.sessions() as session, session.begin():
            rows = type(user)
            unchanged = rows.id == user.id, rows.password_hash == user.password_hash
            await session.execute(sa.update(rows).where(*unchanged).values(password_hash=fresh))
        user.password_hash = fresh

    async def start_session(
        self, user: AbstractAccount, browser: Browser, replaces: str | None, *, awaits_second_factor: bool = False
    ) -> SignedIn:
        """Begin a session of somebody who has shown all that is asked for, and end the one with the id ``replaces``.

        Raises: WrongCredentials, when the password was changed or the person disabled meanwhile.
        """
        async with self._database.tenant_session(None, user.id) as session:
            # Locked: a reset at this moment either finds the session and ends it, or is found here.
            rows = type(user)
            unchanged = rows.id == user.id, rows.password_hash == user.password_hash, rows.disabled_at.is_(None)
            if await session.scalar(sa.select(rows.id).where(*unchanged).with_for_update(read=True)) is None:
                raise WrongCredentials
            sessions = self._sessions(session)
            if replaces is not None:
                await sessions.end_by_raw_id(replaces)
            raw = await sessions.start(user.id, browser, awaits_second_factor=awaits_second_factor)
            if not awaits_second_factor:
                by = actor_of(user, browser.address)
                await record(session, by, "session.started", subject_id=user.id, subject_name=user.email)
        return SignedIn(user.id, user.email, user.name, raw, awaits_second_factor)
