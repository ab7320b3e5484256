"""Changes that people make to their own passkeys; adding and removing one requires a fresh proof of who they are."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from accounts import mails
from accounts.errors import PasskeyRefused, WrongCode, WrongCredentials
from accounts.models import AbstractAccount, AbstractPasskey, User
from accounts.passkey_ceremony import PasskeyCeremony, PasskeyQuestion
from accounts.passkeys import PasskeyService, parse_passkey_name
from accounts.rules import ensure_email_verified
from accounts.services import AccountService, UserService
from accounts.sessions import AbstractSessionService, SessionService
from accounts.sign_in import Authenticator
from kit.actor import Actor
from kit.db.database import Database
from kit.errors import ValidationFailed
from kit.mail import Mailer


class OwnSession(NamedTuple):
    """The person who makes a change, and their session."""

    user_id: UUID
    session_id: UUID


class RemovalProof(NamedTuple):
    """Proof that the account's owner removes a passkey."""

    password: str
    code: str
    """For accounts with an authenticator app."""
    credential: str
    """For the others: the answer of any of their passkeys."""
    ticket: str | None


class PasskeySettings:
    """The passkeys of the signed-in person.

    Every method may raise NotSignedIn, when the account or the session ended meanwhile.
    """

    def __init__(
        self,
        database: Database,
        ceremony: PasskeyCeremony,
        authenticator: Authenticator,
        mailer: Mailer,
        *,
        forgot_url: str | None = None,
        account_model: type[AbstractAccount] = User,
        accounts: type[AccountService[Any]] = UserService,
        sessions: type[AbstractSessionService[Any]] = SessionService,
    ) -> None:
        """``forgot_url`` is for the mails to people who can reset their password themselves."""
        self._database = database
        self._ceremony = ceremony
        self._authenticator = authenticator
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

    async def ask_for_new(self, who: OwnSession, *, password: str, address: str) -> PasskeyQuestion:
        """Check the password and return the question for a new passkey.

        Raises: ValidationFailed, TooMany, EmailNotVerified, PasskeysUnavailable.
        """
        await self._ensure_password(who, password, address)
        return await self.ask_for_new_after_password(who.user_id, purpose=_adding_purpose(who))

    async def ask_for_new_after_password(self, user_id: UUID, *, purpose: str) -> PasskeyQuestion:
        """As ``ask_for_new``, for a person whose password was checked just now."""
        async with self._database.tenant_session(None, user_id) as session:
            account = await self._accounts(session).get_active(user_id)
            if isinstance(account, User):
                # Whoever signed up may not own the address, whose owner must not find a stranger's passkey here.
                ensure_email_verified(account.email_verified_at is not None)
            known = await PasskeyService(session, self._account_model).list(user_id)
        return self._ceremony.ask_for_new(account, known, purpose=purpose)

    async def add(self, who: OwnSession, *, name: str, credential: str, ticket: str | None, by: Actor) -> str:
        """Add the new passkey, end all other sessions, and return this session's new raw id.

        The ticket proves that the password was checked. Raises: PasskeyTooLate, PasskeyRefused, TooManyPasskeys,
        ValidationFailed.
        """
        await self.add_first(
            who.user_id, name=name, credential=credential, ticket=ticket, purpose=_adding_purpose(who), by=by
        )
        return await self._end_other_sessions(who)

    async def add_first(
        self, user_id: UUID, *, name: str, credential: str, ticket: str | None, purpose: str, by: Actor
    ) -> None:
        """As ``add``, during a sign-in: it changes no session. ``purpose`` is that of the question."""
        parse_passkey_name(name)
        challenge = await self._ceremony.use_ticket(ticket, purpose=purpose)
        new = self._ceremony.check_new(credential, challenge)
        async with self._database.tenant_session(None, user_id) as session:
            account = await PasskeyService(session, self._account_model).add(user_id, new, name=name, by=by)
            mail = mails.passkey_changed(account.email, f"the passkey “{name.strip()}” was added", self._forgot_url)
            await self._mailer.send_after_commit(session, mail)

    async def rename(self, user_id: UUID, passkey_id: UUID, *, name: str, by: Actor) -> None:
        """Change a passkey's name. Raises: NotFound, ValidationFailed."""
        async with self._database.tenant_session(None, user_id) as session:
            await PasskeyService(session, self._account_model).rename(user_id, passkey_id, name, by=by)

    def ask_to_remove(self, who: OwnSession) -> PasskeyQuestion:
        """The question for a passkey of the person who wants to remove one. Raises: PasskeysUnavailable."""
        return self._ceremony.ask_to_sign(purpose=_removal_purpose(who))

    async def remove(self, who: OwnSession, passkey_id: UUID, *, proof: RemovalProof, by: Actor) -> str:
        """Remove a passkey, end all other sessions, and return this session's new raw id.

        Raises: NotFound, LastSecondFactor, ValidationFailed, TooMany, PasskeyTooLate, PasskeyRefused.
        """
        account, _ = await self.get(who.user_id, passkey_id)
        await self._ensure_password(who, proof.password, by.address)
        if account.totp_enabled_at is not None:
            try:
                await self._authenticator.verify_code(account, proof.code, by.address)
            except WrongCode as wrong:
                raise ValidationFailed([("code", wrong.message)]) from wrong
        else:
            challenge = await self._ceremony.use_ticket(proof.ticket, purpose=_removal_purpose(who))
            used = await self._authenticator.verify_passkey(proof.credential, challenge, by.address)
            if used.id != who.user_id:
                raise PasskeyRefused
        async with self._database.tenant_session(None, who.user_id) as session:
            account, name = await PasskeyService(session, self._account_model).remove(who.user_id, passkey_id, by=by)
            mail = mails.passkey_changed(account.email, f"the passkey “{name}” was removed", self._forgot_url)
            await self._mailer.send_after_commit(session, mail)
        return await self._end_other_sessions(who)

    async def _end_other_sessions(self, who: OwnSession) -> str:
        async with self._database.tenant_session(None, who.user_id) as session:
            sessions = self._sessions(session)
            await sessions.end_all(who.user_id, except_id=who.session_id)
            return await sessions.rotate_id(who.session_id)

    async def _ensure_password(self, who: OwnSession, password: str, address: str) -> None:
        try:
            await self._authenticator.verify_password(who.user_id, password, address)
        except WrongCredentials as wrong:
            raise ValidationFailed([("password", "This is not your password")]) from wrong


def _adding_purpose(who: OwnSession) -> str:
    return f"add:{who.session_id}"


def _removal_purpose(who: OwnSession) -> str:
    return f"remove:{who.session_id}"
