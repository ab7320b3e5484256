"""Registers accounts, and confirms their first or changed e-mail address by a mailed link."""

import secrets

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from accounts import mails
from accounts.errors import LinkNotUsable, NotSignedIn
from accounts.login_throttle import SIGN_UPS_PER_IP_ADDRESS, LoginThrottle
from accounts.models import OneTimeToken, TokenPurpose, User
from accounts.one_time_tokens import OneTimeTokenService
from accounts.passwords import Passwords
from accounts.rules import ensure_password, parse_email, parse_name
from accounts.services import UserService, actor_of, remove_credentials
from accounts.sessions import Browser, SessionService, Viewer
from accounts.totp import TotpSecrets
from kit.actor import Actor
from kit.audit import record
from kit.clock import utc_now
from kit.db.database import Database, set_tenant_context
from kit.errors import TooMany, ValidationFailed
from kit.mail import Mailer
from kit.secret_keys import SecretKeys, Signer

_RESET = TokenPurpose.RESET_PASSWORD


class ConfirmedEmail(msgspec.Struct, frozen=True):
    """The result of confirming an e-mail address."""

    raw: str | None
    """The raw id of the session that was started; None when none was."""
    reset_token: str | None = None
    """The token for choosing a password, when the owner of the e-mail address did not create the account; else None."""


class LinkPreview(msgspec.Struct, frozen=True):
    """The effect of the link that somebody opened."""

    new_email: str | None
    """The account's new e-mail address; None when the link confirms the first one."""
    takes_over: bool
    """True when this browser did not create the account, so that everything set up before is removed."""


class Registration:
    """Creates accounts and confirms their e-mail addresses.

    Only the mail to an address tells whether it has an account: the response and the hashing time are the same.
    """

    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        throttle: LoginThrottle,
        mailer: Mailer,
        totp: TotpSecrets,
        *,
        public_url: str,
        secret_keys: SecretKeys,
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._throttle = throttle
        self._mailer = mailer
        self._totp = totp
        self._public_url = public_url
        self._signer = Signer(secret_keys, "sign-up")

    async def sign_up(self, *, email: str, password: str, name: str, ip_address: str) -> str:
        """Create an account, mail its link, and return the proof that this browser created it.

        Proof and link together sign in. For an e-mail address with an existing account the proof is random and never
        valid, because somebody else may have typed the address.

        Raises:
            ValidationFailed: a field is not valid.
            TooMany: the IP address created too many accounts.
        """
        email, name = _parse_form(email, password, name)
        await self._throttle.hit_ip_address("sign-up", ip_address, SIGN_UPS_PER_IP_ADDRESS)
        hashed = await self._passwords.hash(password)
        is_mail_allowed = await self._throttle.allow_mail("sign-up", email)
        async with self._database.sessions() as session, session.begin():
            added = insert(User).values(id=uuid7(), email=email, name=name, password_hash=hashed)
            user_id = await session.scalar(added.on_conflict_do_nothing(index_elements=["email"]).returning(User.id))
            user = (await session.scalars(sa.select(User).where(User.email == email))).one()
            await set_tenant_context(session, None, user.id)
            raw = secrets.token_urlsafe(32)
            if user.email_verified_at is None and (user_id is not None or is_mail_allowed):
                raw = await OneTimeTokenService(session).issue(user.id, TokenPurpose.VERIFY_EMAIL)
                await self._mailer.send_after_commit(session, mails.verify_email(email, self._link(raw)))
            elif is_mail_allowed:
                mail = mails.already_registered(email, f"{self._public_url}/login")
                await self._mailer.send_after_commit(session, mail)
            if user_id is not None:
                by = actor_of(user, ip_address)
                await record(session, by, "account.created", subject_id=user.id, subject_name=email)
        return self._proof(raw if user_id is not None else secrets.token_urlsafe(32))

    async def resend(self, viewer: Viewer) -> None:
        """Mail the link again, unless the e-mail address is confirmed. Raises: TooMany."""
        if viewer.email_verified:
            return
        if not await self._throttle.allow_mail("sign-up", viewer.email):
            raise TooMany("We have sent several mails already. Wait an hour, then try again", retry_after=3600)
        async with self._database.tenant_session(None, viewer.user_id) as session:
            raw = await OneTimeTokenService(session).issue(viewer.user_id, TokenPurpose.VERIFY_EMAIL)
            await self._mailer.send_after_commit(session, mails.verify_email(viewer.email, self._link(raw)))

    async def preview(self, raw: str, viewer: Viewer | None, proof: str | None) -> LinkPreview:
        """The effect of the link, which stays unused.

        Raises:
            LinkNotUsable: the link does not work any more, or belongs to another account than the signed-in person's.
            NotSignedIn: the link changes an e-mail address, and the account's owner must sign in first.
        """
        async with self._database.sessions() as session, session.begin():
            token = await OneTimeTokenService(session).get_usable(
                raw, TokenPurpose.VERIFY_EMAIL, TokenPurpose.CHANGE_EMAIL
            )
        return LinkPreview(token.new_email, self._takes_over(token, raw, viewer, proof))

    async def confirm(self, raw: str, *, viewer: Viewer | None, proof: str | None, browser: Browser) -> ConfirmedEmail:
        """Redeem the link and confirm the e-mail address that it was mailed to.

        A session starts only in the browser that created the account, because there the password was entered. In any
        other browser the reader of the mail owns the e-mail address, but may not have set the account's credentials, so
        they are removed.

        Raises:
            LinkNotUsable, NotSignedIn: as in ``preview``.
        """
        # Before the transaction: hashing takes long, and only the transaction knows whether it is needed.
        unknown_password = await self._passwords.hash_random_password() if viewer is None else None
        async with self._database.sessions() as session, session.begin():
            token = await OneTimeTokenService(session).redeem(raw, TokenPurpose.VERIFY_EMAIL, TokenPurpose.CHANGE_EMAIL)
            takes_over = self._takes_over(token, raw, viewer, proof)
            await set_tenant_context(session, None, token.user_id)
            user = await UserService(session).get_active(token.user_id)
            by = actor_of(user, browser.ip_address)
            if token.new_email is not None:
                await self._change_email(session, user, token.new_email, by)
                return ConfirmedEmail(None)
            user.email_verified_at = utc_now()
            await record(session, by, "email.verified", subject_id=user.id, subject_name=user.email)
            if takes_over and unknown_password is not None:
                user.password_hash, user.name = unknown_password, ""
                await remove_credentials(session, user, self._totp, by=by)
                return ConfirmedEmail(None, await OneTimeTokenService(session).issue(user.id, _RESET))
            if viewer is not None:
                return ConfirmedEmail(None)
            raw_session_id = await SessionService(session).start(user.id, browser)
            await record(session, by, "session.started", subject_id=user.id, subject_name=user.email)
            return ConfirmedEmail(raw_session_id)

    async def _change_email(self, session: AsyncSession, user: User, new_email: str, by: Actor) -> None:
        """Set the account's new, confirmed e-mail address. Raises: LinkNotUsable."""
        before = user.email
        to_notify = (new_email,) if user.email_verified_at is None else (before, new_email)
        await _ensure_unused(session, new_email)
        user.email, user.email_verified_at = new_email, utc_now()
        await OneTimeTokenService(session).delete_all(user.id, _RESET, TokenPurpose.VERIFY_EMAIL)
        changed = {"before": {"email": before}, "after": {"email": user.email}}
        await record(session, by, "email.changed", subject_id=user.id, subject_name=before, details=changed)
        for to in to_notify:
            await self._mailer.send_after_commit(session, mails.email_changed(to, user.email))

    def _takes_over(self, token: OneTimeToken, raw: str, viewer: Viewer | None, proof: str | None) -> bool:
        """True when the link is used in a browser that did not create the account and is not signed in to it.

        Raises: LinkNotUsable, NotSignedIn.
        """
        if viewer is not None:
            if viewer.user_id != token.user_id:
                raise LinkNotUsable
            return False
        if token.new_email is not None:
            raise NotSignedIn
        return proof is None or not self._signer.verify(raw.encode(), proof)

    def _proof(self, raw: str) -> str:
        return self._signer.sign(raw.encode()).hex()

    def _link(self, raw: str) -> str:
        return f"{self._public_url}/verify-email/{raw}"


def _parse_form(email: str, password: str, name: str) -> tuple[str, str]:
    """Parse e-mail and name, and check the password; all errors are reported at once. Raises: ValidationFailed."""
    errors: list[tuple[str, str]] = []
    parsed = {"email": "", "name": ""}
    for field, parse, typed in (("email", parse_email, email), ("name", parse_name, name)):
        try:
            parsed[field] = parse(typed)
        except ValidationFailed as failed:
            errors += failed.errors
    try:
        ensure_password(password, email=email, name=name)
    except ValidationFailed as failed:
        errors += failed.errors
    if errors:
        raise ValidationFailed(errors)
    return parsed["email"], parsed["name"]


async def _ensure_unused(session: AsyncSession, email: str) -> None:
    """Ensure that no account has the e-mail address.

    An unconfirmed account with it is deleted: it has no data, and its creator did not own the address.

    Raises: LinkNotUsable, when a confirmed account has the address.
    """
    # Locks the address: of two accounts that change to it at once, the first one gets it.
    await session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(f"email:{email}", 0))))
    await session.execute(sa.delete(User).where(User.email == email, User.email_verified_at.is_(None)))
    if await session.scalar(sa.select(User.id).where(User.email == email)) is not None:
        raise LinkNotUsable
