"""The way back in: a mailed link that sets a new password, and does nothing else."""

from accounts import emails
from accounts.errors import LinkNotUsable
from accounts.login_throttle import RESETS_BY_ADDRESS, Limits, account_key
from accounts.models import LinkPurpose
from accounts.one_time_tokens import LinkService
from accounts.passwords import Passwords
from accounts.rules import comparable_email, ensure_password
from accounts.services import UserService, acting
from accounts.sessions import SessionService
from kit.audit import record
from kit.clock import utc_now
from kit.db.database import Database, set_tenant_context
from kit.errors import TooMany
from kit.mail import Mailer


class Recovery:
    """Forgotten passwords."""

    def __init__(
        self, database: Database, passwords: Passwords, limits: Limits, mailer: Mailer, *, public_url: str
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._limits = limits
        self._mailer = mailer
        self._public_url = public_url

    async def ask(self, *, email: str, address: str) -> None:
        """Mail a link to whoever has an account there. Nobody is told whether that, or a limit, was the case."""
        email = comparable_email(email)
        try:
            await self._limits.ensure_address("reset", address, RESETS_BY_ADDRESS)
        except TooMany:
            return
        may_mail = await self._limits.may_mail("reset", email)
        async with self._database.sessions() as session, session.begin():
            user = await UserService(session).named(email)
            if user is None or user.disabled_at is not None or not may_mail:
                return
            await set_tenant_context(session, None, user.id)
            raw = await LinkService(session).issue(user.id, LinkPurpose.RESET_PASSWORD)
            link = f"{self._public_url}/reset-password/{raw}"
            self._mailer.send_after_commit(session, emails.reset_password(user.email, link))
            by = acting(user, address)
            await record(session, by, "password.reset_requested", subject_id=user.id, subject_name=user.email)

    async def ensure_usable(self, raw: str) -> None:
        """Raises: LinkNotUsable."""
        async with self._database.sessions() as session, session.begin():
            await LinkService(session).look(raw, LinkPurpose.RESET_PASSWORD)

    async def reset(self, raw: str, *, password: str, address: str) -> None:
        """Set a new password and end every session. It signs nobody in, and the second factor is still asked for.

        Raises:
            LinkNotUsable: used, replaced, too old or unknown.
            ValidationFailed: the password cannot be used; the link still can.
        """
        async with self._database.sessions() as session, session.begin():
            link = await LinkService(session).redeem(raw, LinkPurpose.RESET_PASSWORD)
            user = await UserService(session).get_one_or_none(id=link.user_id)
            if user is None or user.disabled_at is not None:
                raise LinkNotUsable
            ensure_password(password, email=user.email, name=user.name)
            await set_tenant_context(session, None, user.id)
            user.password_hash = await self._passwords.hash(password)
            # The link came by mail: whoever has it has the address.
            user.email_verified_at = user.email_verified_at or utc_now()
            await session.flush()
            await SessionService(session).end_all(user.id)
            await LinkService(session).withdraw(user.id, *LinkPurpose)
            by = acting(user, address)
            await record(session, by, "password.reset", subject_id=user.id, subject_name=user.email)
            mail = emails.password_changed(user.email, f"{self._public_url}/forgot-password")
            self._mailer.send_after_commit(session, mail)
        # Whoever has shown that the account is theirs need not wait for somebody else's wrong guesses.
        await self._limits.forget(account_key("sign-in", user.email))
