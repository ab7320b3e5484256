"""Lists, adds, renames and removes a person's own passkeys, for customers and staff.

Adding or removing a passkey requires authentication again, ends the person's other sessions and sends a mail.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from accounts import mails
from accounts.errors import PasskeyRefused, WrongCode, WrongCredentials
from accounts.models import AbstractAccount, AbstractPasskey, User
from accounts.passkey_ceremony import PasskeyCeremony, PasskeyOptions
from accounts.passkeys import PasskeyService, parse_passkey_name
from accounts.rules import ensure_email_verified
from accounts.services import AccountService, UserService
from accounts.sessions import AbstractSessionService, SessionService
from accounts.sign_in import SignInManager
from kit.actor import Actor
from kit.db.database import Database
from kit.errors import ValidationFailed
from kit.mail import Mailer


class CurrentSession(NamedTuple):
    """Ids of the person who makes a change, and of their session."""

    user_id: UUID
    session_id: UUID


class RemovalProof(NamedTuple):
    """Proof that the account's owner removes a passkey."""

    password: str
    code: str
    """For accounts with an authenticator app."""
    credential: str
    """For accounts without an app: the response of any of their passkeys."""
    encrypted_challenge: str | None


class PasskeySettings:
    """The passkeys of the signed-in person.

    Every method may raise NotSignedIn, when the account or the session ended meanwhile.
    """

    def __init__(
        self,
        database: Database,
        ceremony: PasskeyCeremony,
        sign_in_manager: SignInManager,
        mailer: Mailer,
        *,
        forgot_url: str | None = None,
        account_model: type[AbstractAccount] = User,
        accounts: type[AccountService[Any]] = UserService,
        sessions: type[AbstractSessionService[Any]] = SessionService,
    ) -> None:
        """``forgot_url`` is in mails to people who can reset their password themselves; None for staff."""
        self._database = database
        self._ceremony = ceremony
        self._sign_in_manager = sign_in_manager
        self._mailer = mailer
        self._forgot_url = forgot_url
        self._account_model = account_model
        self._accounts = accounts
        self._sessions = sessions

    async def list(self, user_id: UUID) -> Sequence[AbstractPasskey]:
        """The person's passkeys, the oldest first."""
        async with self._database.tenant_session(None, user_id) as session:
            return await PasskeyService(session, self._account_model).list(user_id)

    async def get(self, user_id: UUID, passkey_id: UUID) -> tuple[AbstractAccount, AbstractPasskey]:
        """One of the person's passkeys, and the account. Raises: NotFound."""
        async with self._database.tenant_session(None, user_id) as session:
            passkey = await PasskeyService(session, self._account_model).get(user_id, passkey_id)
            account: AbstractAccount = await self._accounts(session).get_active(user_id)
            return account, passkey

    async def make_registration_options(
        self, current: CurrentSession, *, password: str, ip_address: str
    ) -> PasskeyOptions:
        """Check the password and return the options for a new passkey.

        Raises: ValidationFailed, TooMany, EmailNotVerified, PasskeysUnavailable.
        """
        await self._ensure_password(current, password, ip_address)
        return await self.make_registration_options_after_password(current.user_id, purpose=_adding_purpose(current))

    async def make_registration_options_after_password(self, user_id: UUID, *, purpose: str) -> PasskeyOptions:
        """As ``make_registration_options``, for a person whose password was checked just now."""
        async with self._database.tenant_session(None, user_id) as session:
            account = await self._accounts(session).get_active(user_id)
            if isinstance(account, User):
                # The person who signed up may not own the e-mail address; its owner must not inherit their passkey.
                ensure_email_verified(account.email_verified_at is not None)
            existing = await PasskeyService(session, self._account_model).list(user_id)
        return self._ceremony.make_registration_options(account, existing, purpose=purpose)

    async def add(
        self, current: CurrentSession, *, name: str, credential: str, encrypted_challenge: str | None, by: Actor
    ) -> str:
        """Add the new passkey, end all other sessions, and return this session's new raw id.

        The challenge proves that the password was checked.

        Raises: PasskeyChallengeNotUsable, PasskeyRefused, TooManyPasskeys, ValidationFailed.
        """
        await self.add_first(
            current.user_id,
            name=name,
            credential=credential,
            encrypted_challenge=encrypted_challenge,
            purpose=_adding_purpose(current),
            by=by,
        )
        return await self._end_other_sessions(current)

    async def add_first(
        self, user_id: UUID, *, name: str, credential: str, encrypted_challenge: str | None, purpose: str, by: Actor
    ) -> None:
        """As ``add``, during a sign-in: it changes no session. The options were made for the same ``purpose``."""
        parse_passkey_name(name)
        challenge = await self._ceremony.redeem_challenge(encrypted_challenge, purpose=purpose)
        new = self._ceremony.verify_registration(credential, challenge)
        async with self._database.tenant_session(None, user_id) as session:
            account = await PasskeyService(session, self._account_model).add(user_id, new, name=name, by=by)
            mail = mails.passkey_changed(account.email, f"the passkey “{name.strip()}” was added", self._forgot_url)
            await self._mailer.send_after_commit(session, mail)

    async def rename(self, user_id: UUID, passkey_id: UUID, *, name: str, by: Actor) -> None:
        """Change a passkey's name. Raises: NotFound, ValidationFailed."""
        async with self._database.tenant_session(None, user_id) as session:
            await PasskeyService(session, self._account_model).rename(user_id, passkey_id, name, by=by)

    def make_removal_options(self, current: CurrentSession) -> PasskeyOptions:
        """The options for a proof by passkey, before a passkey is removed. Raises: PasskeysUnavailable."""
        return self._ceremony.make_authentication_options(purpose=_removal_purpose(current))

    async def remove(self, current: CurrentSession, passkey_id: UUID, *, proof: RemovalProof, by: Actor) -> str:
        """Remove a passkey, end all other sessions, and return this session's new raw id.

        Raises: NotFound, LastSecondFactor, ValidationFailed, TooMany, PasskeyChallengeNotUsable, PasskeyRefused.
        """
        account, _ = await self.get(current.user_id, passkey_id)
        await self._ensure_password(current, proof.password, by.client_ip_address)
        if account.totp_enabled_at is not None:
            try:
                await self._sign_in_manager.verify_code(account, proof.code, by.client_ip_address)
            except WrongCode as wrong:
                raise ValidationFailed([("code", wrong.message)]) from wrong
        else:
            challenge = await self._ceremony.redeem_challenge(
                proof.encrypted_challenge, purpose=_removal_purpose(current)
            )
            prover = await self._sign_in_manager.verify_passkey(proof.credential, challenge, by.client_ip_address)
            if prover.id != current.user_id:
                raise PasskeyRefused
        async with self._database.tenant_session(None, current.user_id) as session:
            passkeys = PasskeyService(session, self._account_model)
            account, name = await passkeys.remove(current.user_id, passkey_id, by=by)
            mail = mails.passkey_changed(account.email, f"the passkey “{name}” was removed", self._forgot_url)
            await self._mailer.send_after_commit(session, mail)
        return await self._end_other_sessions(current)

    async def _end_other_sessions(self, current: CurrentSession) -> str:
        async with self._database.tenant_session(None, current.user_id) as session:
            sessions = self._sessions(session)
            await sessions.end_all(current.user_id, except_id=current.session_id)
            return await sessions.rotate_id(current.session_id)

    async def _ensure_password(self, current: CurrentSession, password: str, ip_address: str) -> None:
        try:
            await self._sign_in_manager.verify_password(current.user_id, password, ip_address)
        except WrongCredentials as wrong:
            raise ValidationFailed([("password", "This is not your password")]) from wrong


def _adding_purpose(current: CurrentSession) -> str:
    return f"add:{current.session_id}"


def _removal_purpose(current: CurrentSession) -> str:
    return f"remove:{current.session_id}"
