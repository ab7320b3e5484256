"""Registers accounts and confirms e-mail addresses by a mailed link."""

import hashlib
import hmac
import secrets

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from accounts import mails
from accounts.errors import LinkNotUsable, NotSignedIn
from accounts.login_throttle import SIGN_UPS_BY_ADDRESS, LoginThrottle
from accounts.models import OneTimeToken, TokenPurpose, User
from accounts.one_time_tokens import OneTimeTokenService
from accounts.passwords import Passwords
from accounts.rules import ensure_password, parse_email, parse_name
from accounts.services import UserService, actor_of
from accounts.sessions import Browser, SessionService, Viewer
from kit.audit import record
from kit.clock import utc_now
from kit.db.database import Database, set_tenant_context
from kit.errors import TooMany, ValidationFailed
from kit.mail import Mailer
from kit.secrets import derive_key


class ConfirmedEmail(msgspec.Struct, frozen=True):
    """The result of a confirmed address."""

    raw: str | None
    """The raw id of the session that was started, if any."""


class Registration:
    """Creates accounts and confirms their addresses.

    Only the mail to an address tells whether it has an account: the answer and the time of hashing are the same.
    """

    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        throttle: LoginThrottle,
        mailer: Mailer,
        *,
        public_url: str,
        secret: str,
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._throttle = throttle
        self._mailer = mailer
        self._public_url = public_url
        self._key = derive_key(secret, "sign-up")

    async def sign_up(self, *, email: str, password: str, name: str, address: str) -> str:
        """Create an account, mail its link, and return the proof that this browser created it.

        Proof and link together sign in. For an address that has an account already the proof is worthless: it must not
        let in somebody who only typed the address.

        Raises:
            ValidationFailed: a field is not valid.
            TooMany: the IP address created too many accounts.
        """
        email, name = _parse_form(email, password, name)
        await self._throttle.hit_address("sign-up", address, SIGN_UPS_BY_ADDRESS)
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
                by = actor_of(user, address)
                await record(session, by, "account.created", subject_id=user.id, subject_name=email)
        return self._proof(raw if user_id is not None else secrets.token_urlsafe(32))

    async def resend(self, viewer: Viewer) -> None:
        """Mail the link again, unless the address is confirmed. Raises: TooMany."""
        if viewer.email_verified:
            return
        if not await self._throttle.allow_mail("sign-up", viewer.email):
            raise TooMany("We have sent several mails already. Wait an hour, then try again", retry_after=3600)
        async with self._database.tenant_session(None, viewer.user_id) as session:
            raw = await OneTimeTokenService(session).issue(viewer.user_id, TokenPurpose.VERIFY_EMAIL)
            await self._mailer.send_after_commit(session, mails.verify_email(viewer.email, self._link(raw)))

    async def preview(self, raw: str, viewer: Viewer | None, proof: str | None) -> OneTimeToken:
        """The token behind the link, unchanged, when this browser may use it.

        Raises:
            LinkNotUsable: it does not work any more, or belongs to somebody else.
            NotSignedIn: its owner must sign in first.
        """
        async with self._database.sessions() as session, session.begin():
            link = await OneTimeTokenService(session).get_usable(
                raw, TokenPurpose.VERIFY_EMAIL, TokenPurpose.CHANGE_EMAIL
            )
        self._ensure_owner(link, raw, viewer, proof)
        return link

    async def confirm(self, raw: str, *, viewer: Viewer | None, proof: str | None, browser: Browser) -> ConfirmedEmail:
        """Redeem the link: the address that it was mailed to is confirmed.

        A session starts only in the browser that created the account, because it knew the password.

        Raises:
            LinkNotUsable, NotSignedIn: as of ``preview``.
        """
        async with self._database.sessions() as session, session.begin():
            link = await OneTimeTokenService(session).redeem(raw, TokenPurpose.VERIFY_EMAIL, TokenPurpose.CHANGE_EMAIL)
            self._ensure_owner(link, raw, viewer, proof)
            await set_tenant_context(session, None, link.user_id)
            user = await UserService(session).get_active(link.user_id)
            by, before = actor_of(user, browser.address), user.email
            if link.new_email is None:
                user.email_verified_at = utc_now()
                await record(session, by, "email.verified", subject_id=user.id, subject_name=user.email)
            else:
                # Locks the address: of two accounts that change to it, the first one gets it.
                await _ensure_free(session, link.new_email)
                user.email, user.email_verified_at = link.new_email, utc_now()
                await OneTimeTokenService(session).delete_all(
                    user.id, TokenPurpose.RESET_PASSWORD, TokenPurpose.VERIFY_EMAIL
                )
                changed = {"before": {"email": before}, "after": {"email": user.email}}
                await record(session, by, "email.changed", subject_id=user.id, subject_name=before, details=changed)
                for to in (before, user.email):
                    await self._mailer.send_after_commit(session, mails.email_changed(to, user.email))
            begins = viewer is None and user.totp_enabled_at is None
            started = await SessionService(session).start(user.id, browser) if begins else None
            if begins:
                await record(session, by, "session.started", subject_id=user.id, subject_name=user.email)
        return ConfirmedEmail(started)

    def _ensure_owner(self, link: OneTimeToken, raw: str, viewer: Viewer | None, proof: str | None) -> None:
        if viewer is not None:
            if viewer.user_id != link.user_id:
                raise LinkNotUsable
        elif proof is None or not hmac.compare_digest(proof.encode(), self._proof(raw).encode()):
            raise NotSignedIn

    def _proof(self, raw: str) -> str:
        return hmac.new(self._key, raw.encode(), hashlib.sha256).hexdigest()

    def _link(self, raw: str) -> str:
        return f"{self._public_url}/verify-email/{raw}"


def _parse_form(email: str, password: str, name: str) -> tuple[str, str]:
    """Parse the form; all errors are reported at once. Raises: ValidationFailed."""
    wrong: list[tuple[str, str]] = []
    read_as = {"email": "", "name": ""}
    for field, read, typed in (("email", parse_email, email), ("name", parse_name, name)):
        try:
            read_as[field] = read(typed)
        except ValidationFailed as failed:
            wrong += failed.errors
    try:
        ensure_password(password, email=email, name=name)
    except ValidationFailed as failed:
        wrong += failed.errors
    if wrong:
        raise ValidationFailed(wrong)
    return read_as["email"], read_as["name"]


async def _ensure_free(session: AsyncSession, email: str) -> None:
    await session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(f"email:{email}", 0))))
    if await session.scalar(sa.select(User.id).where(User.email == email)) is not None:
        raise LinkNotUsable
