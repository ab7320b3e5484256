"""Signs customers or staff in, by password and second factor or by passkey, and starts the session.

It also verifies the password, code or passkey of a signed-in person again, before a sensitive change.
"""

from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa

from accounts.errors import (
    NotSignedIn,
    PasskeyRefused,
    PasskeyRequired,
    SecondFactorRequired,
    WrongCode,
    WrongCredentials,
)
from accounts.login_throttle import LoginThrottle, account_key
from accounts.models import AbstractAccount, User
from accounts.passkey_ceremony import PasskeyCeremony, PasskeyOptions
from accounts.passkeys import PasskeyService
from accounts.passwords import Passwords
from accounts.rules import normalize_email
from accounts.second_factor import SecondFactorService
from accounts.services import AccountService, UserService, actor_of
from accounts.sessions import AbstractSessionService, Browser, SessionService
from accounts.totp import TotpSecrets
from kit.audit import record
from kit.db.database import Database


class StartedSession(msgspec.Struct, frozen=True):
    """The session that was started."""

    user_id: UUID
    email: str
    name: str
    raw: str
    """The session's raw id, for the cookie."""
    awaits_second_factor: bool = False


class SignInManager:
    """Signs accounts in, and verifies a signed-in person's password, code or passkey again for sensitive changes.

    No database connection is held while a password is checked: many attempts wait for few threads, and would use up the
    connections.
    """

    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        throttle: LoginThrottle,
        totp: TotpSecrets,
        ceremony: PasskeyCeremony,
        *,
        account_model: type[AbstractAccount] = User,
        accounts: type[AccountService[Any]] = UserService,
        sessions: type[AbstractSessionService[Any]] = SessionService,
        throttle_scope: str = "sign-in",
    ) -> None:
        """``accounts`` and ``sessions`` are the services of customers or of staff.

        Wrong attempts count separately for each ``throttle_scope``.
        """
        self._ceremony = ceremony
        self._account_model = account_model
        self._accounts = accounts
        self._sessions = sessions
        self._throttle_scope = throttle_scope
        self._database = database
        self._passwords = passwords
        self._throttle = throttle
        self._totp = totp

    async def sign_in(
        self, *, email: str, password: str, code: str | None, browser: Browser, replaces: str | None = None
    ) -> StartedSession:
        """Sign in with password and code; ``replaces`` is the raw id of the session that then ends.

        Raises:
            TooMany: the account or the IP address must wait.
            WrongCredentials: e-mail or password is wrong.
            SecondFactorRequired: the password is right, and a code is required.
            PasskeyRequired: the password is right, and the only second factor is a passkey.
            WrongCode: the code is wrong or was used.
        """
        user = await self._find_by_password(email, password, browser)
        if user.needs_second_factor or user.has_second_factor:
            if user.totp_enabled_at is None and user.has_passkey:
                raise PasskeyRequired
            if code is None:
                raise SecondFactorRequired
            await self.verify_code(user, code, browser.ip_address)
        return await self.start_session(user, browser, replaces)

    async def start_sign_in(
        self, *, email: str, password: str, browser: Browser, replaces: str | None = None
    ) -> StartedSession:
        """Check the password; when a second factor is required, start a session that awaits it.

        Raises: TooMany, WrongCredentials.
        """
        user = await self._find_by_password(email, password, browser)
        awaits = user.needs_second_factor or user.has_second_factor
        return await self.start_session(user, browser, replaces, awaits_second_factor=awaits)

    async def finish_sign_in(self, *, raw: str, code: str, browser: Browser) -> StartedSession:
        """Check the code and replace the session that awaits it by one that is signed in.

        Raises: NotSignedIn (no such session), TooMany, WrongCode.
        """
        async with self._database.sessions() as session, session.begin():
            awaiting = await self._sessions(session).find_awaiting_second_factor(raw)
            if awaiting is None:
                raise NotSignedIn
            user = await self._accounts(session).get_active(awaiting.user_id)
        await self.verify_code(user, code, browser.ip_address)
        return await self.start_session(user, browser, raw)

    async def find_awaiting_second_factor(self, raw: str | None) -> AbstractAccount | None:
        """The account of the session ``raw``, when it awaits the second factor."""
        if raw is None:
            return None
        async with self._database.sessions() as session, session.begin():
            awaiting = await self._sessions(session).find_awaiting_second_factor(raw)
            return None if awaiting is None else await self._accounts(session).find(awaiting.user_id)

    def make_passkey_options(self) -> PasskeyOptions:
        """The options for signing in with a passkey. Raises: PasskeysUnavailable."""
        return self._ceremony.make_authentication_options(purpose=self._throttle_scope)

    async def sign_in_with_passkey(
        self, *, credential: str, encrypted_challenge: str | None, browser: Browser, replaces: str | None = None
    ) -> StartedSession:
        """Sign in with a passkey alone, or with a passkey of the account whose password was checked before.

        A passkey verifies its person (fingerprint, face, PIN), so it is both factors.

        Raises:
            PasskeyChallengeNotUsable: the challenge is too old, was used before, or was issued to another browser.
            PasskeyRefused: unknown passkey, disabled account, or a response that is not valid.
            TooMany: the passkey or the IP address must wait.
        """
        challenge = await self._ceremony.redeem_challenge(encrypted_challenge, purpose=self._throttle_scope)
        awaiting = await self.find_awaiting_second_factor(replaces)
        account = await self.verify_passkey(credential, challenge, browser.ip_address)
        if awaiting is not None and awaiting.id != account.id:
            raise PasskeyRefused
        return await self.start_session(account, browser, replaces)

    async def verify_passkey(self, credential: str, challenge: bytes, ip_address: str) -> AbstractAccount:
        """Verify the response of a passkey, record its use, and return the passkey's account.

        Raises: PasskeyRefused, TooMany.
        """
        parsed = self._ceremony.parse_authentication(credential)
        counter = account_key(f"{self._throttle_scope}-passkey", parsed.raw_id.hex())
        await self._throttle.ensure_may_attempt(counter, ip_address)
        try:
            async with self._database.sessions() as session, session.begin():
                passkeys = PasskeyService(session, self._account_model)
                found = await passkeys.find_with_account(parsed.raw_id)
                if found is None:
                    raise PasskeyRefused
                passkey, account = found
                sign_count = self._ceremony.verify_authentication(parsed, challenge, passkey)
                await passkeys.record_use(passkey, sign_count)
        except PasskeyRefused:
            await self._throttle.record_attempt(counter, ip_address, succeeded=False)
            raise
        await self._throttle.record_attempt(counter, ip_address, succeeded=True)
        return account

    async def verify_code(self, user: AbstractAccount, code: str, ip_address: str) -> None:
        """Verify a code of the second factor and mark it as used. Raises: TooMany, WrongCode."""
        account = account_key("second-factor", str(user.id))
        await self._throttle.ensure_may_attempt(account, ip_address)
        async with self._database.sessions() as session, session.begin():
            # During an enrolment a code proves nothing, because whoever knows the password can see the secret.
            factor = SecondFactorService(session, self._totp)
            is_right = user.totp_enabled_at is not None and await factor.verify(user, code)
        await self._throttle.record_attempt(account, ip_address, succeeded=is_right)
        if not is_right:
            raise WrongCode

    async def verify_password(self, user_id: UUID, password: str, ip_address: str) -> None:
        """Verify the password of a signed-in person. Raises: TooMany, WrongCredentials, NotSignedIn."""
        account = account_key("password", str(user_id))
        async with self._passwords.check_slot():
            await self._throttle.ensure_may_attempt(account, ip_address)
            async with self._database.sessions() as session, session.begin():
                user = await self._accounts(session).get_active(user_id)
            matched = await self._passwords.matches(user.password_hash, password)
            await self._throttle.record_attempt(account, ip_address, succeeded=matched)
        if not matched:
            raise WrongCredentials

    async def _find_by_password(self, email: str, password: str, browser: Browser) -> AbstractAccount:
        async with self._passwords.check_slot():
            return await self._find_by_password_in_slot(email, password, browser)

    async def _find_by_password_in_slot(self, email: str, password: str, browser: Browser) -> AbstractAccount:
        account = account_key(self._throttle_scope, normalize_email(email))
        await self._throttle.ensure_may_attempt(account, browser.ip_address)
        async with self._database.sessions() as session, session.begin():
            user: AbstractAccount | None = await self._accounts(session).find_by_email(email)
        matched = await self._passwords.matches(None if user is None else user.password_hash, password)
        is_right = matched and user is not None and user.disabled_at is None
        await self._throttle.record_attempt(account, browser.ip_address, succeeded=is_right)
        if user is None or not is_right:
            raise WrongCredentials
        if self._passwords.is_outdated(user.password_hash):
            await self._rehash(user, password)
        return user

    async def _rehash(self, user: AbstractAccount, password: str) -> None:
        new_hash = await self._passwords.hash(password)
        async with self._database.sessions() as session, session.begin():
            rows = type(user)
            unchanged = rows.id == user.id, rows.password_hash == user.password_hash
            await session.execute(sa.update(rows).where(*unchanged).values(password_hash=new_hash))
        user.password_hash = new_hash

    async def start_session(
        self, user: AbstractAccount, browser: Browser, replaces: str | None, *, awaits_second_factor: bool = False
    ) -> StartedSession:
        """Start a session of an authenticated account, and end the session ``replaces``.

        Raises: WrongCredentials, when the password changed or the account was disabled meanwhile.
        """
        async with self._database.tenant_session(None, user.id) as session:
            # Locks the account: a concurrent password reset either ends this session or is seen here.
            rows = type(user)
            unchanged = rows.id == user.id, rows.password_hash == user.password_hash, rows.disabled_at.is_(None)
            if await session.scalar(sa.select(rows.id).where(*unchanged).with_for_update(read=True)) is None:
                raise WrongCredentials
            sessions = self._sessions(session)
            if replaces is not None:
                await sessions.end_by_raw_id(replaces)
            raw = await sessions.start(user.id, browser, awaits_second_factor=awaits_second_factor)
            if not awaits_second_factor:
                by = actor_of(user, browser.ip_address)
                await record(session, by, "session.started", subject_id=user.id, subject_name=user.email)
        return StartedSession(user.id, user.email, user.name, raw, awaits_second_factor)
