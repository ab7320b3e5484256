"""Resets forgotten passwords by a mailed link."""

from sqlalchemy.ext.asyncio import AsyncSession

from accounts import mails
from accounts.errors import LinkNotUsable
from accounts.login_throttle import RESETS_PER_IP_ADDRESS, LoginThrottle, account_key
from accounts.models import OneTimeToken, TokenPurpose, User
from accounts.one_time_tokens import OneTimeTokenService
from accounts.passwords import Passwords
from accounts.rules import ensure_password, normalize_email
from accounts.services import UserService, actor_of, remove_credentials
from accounts.sessions import SessionService
from accounts.totp import TotpSecrets
from kit.audit import record
from kit.clock import utc_now
from kit.db.database import Database, set_tenant_context
from kit.errors import TooMany
from kit.mail import Mailer


class PasswordReset:
    """Mails reset links and sets new passwords."""

    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        throttle: LoginThrottle,
        mailer: Mailer,
        totp: TotpSecrets,
        *,
        public_url: str,
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._throttle = throttle
        self._mailer = mailer
        self._totp = totp
        self._public_url = public_url

    async def request(self, *, email: str, ip_address: str) -> None:
        """Mail a link to the account of ``email``, if it exists and no limit is reached; the result is the same."""
        email = normalize_email(email)
        try:
            await self._throttle.hit_ip_address("reset", ip_address, RESETS_PER_IP_ADDRESS)
        except TooMany:
            return
        is_mail_allowed = await self._throttle.allow_mail("reset", email)
        async with self._database.sessions() as session, session.begin():
            user = await UserService(session).find_by_email(email)
            if user is None or user.disabled_at is not None or not is_mail_allowed:
                return
            await set_tenant_context(session, None, user.id)
            raw = await OneTimeTokenService(session).issue(user.id, TokenPurpose.RESET_PASSWORD)
            link = f"{self._public_url}/reset-password/{raw}"
            await self._mailer.send_after_commit(session, mails.reset_password(user.email, link))
            by = actor_of(user, ip_address)
            await record(session, by, "password.reset_requested", subject_id=user.id, subject_name=user.email)

    async def ensure_usable(self, raw: str) -> None:
        """Check that the link with the token ``raw`` can be used. Raises: LinkNotUsable."""
        async with self._database.sessions() as session, session.begin():
            await OneTimeTokenService(session).get_usable(raw, TokenPurpose.RESET_PASSWORD)

    async def reset(self, raw: str, *, password: str, ip_address: str) -> None:
        """Set a new password and end all sessions. It does not sign in, and the second factor stays required.

        If the e-mail address was not confirmed, second factors and mailed links are removed too.

        Raises:
            LinkNotUsable: used, replaced, expired or unknown.
            ValidationFailed: the password is not allowed; the link stays usable.
        """
        async with self._database.sessions() as session, session.begin():
            token = await OneTimeTokenService(session).get_usable(raw, TokenPurpose.RESET_PASSWORD)
            user = await _owner_of(session, token)
        ensure_password(password, email=user.email, name=user.name)
        # Hashed between the transactions, so that no connection waits for a hashing slot.
        hashed = await self._passwords.hash(password)
        async with self._database.sessions() as session, session.begin():
            token = await OneTimeTokenService(session).redeem(raw, TokenPurpose.RESET_PASSWORD)
            user = await _owner_of(session, token)
            await set_tenant_context(session, None, user.id)
            user.password_hash = hashed
            by = actor_of(user, ip_address)
            if user.email_verified_at is None:
                # The link was mailed, so its use confirms the e-mail address; somebody else may have signed up.
                user.email_verified_at = utc_now()
                await remove_credentials(session, user, self._totp, by=by)
            await session.flush()
            await SessionService(session).end_all(user.id)
            await OneTimeTokenService(session).delete_all(user.id, *TokenPurpose)
            await record(session, by, "password.reset", subject_id=user.id, subject_name=user.email)
            mail = mails.password_changed(user.email, f"{self._public_url}/forgot-password")
            await self._mailer.send_after_commit(session, mail)
        # The owner must not be delayed by another person's failed sign-ins.
        await self._throttle.reset(account_key("sign-in", user.email))


async def _owner_of(session: AsyncSession, token: OneTimeToken) -> User:
    """The account of the token, when it is not disabled. Raises: LinkNotUsable."""
    user = await UserService(session).find(token.user_id)
    if user is None or user.disabled_at is not None:
        raise LinkNotUsable
    return user
