"""Changes a customer's own account: name, password, e-mail address, sessions and second factor by app. Sensitive
changes require the password or a code again.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from accounts import mails
from accounts.errors import WrongCode, WrongCredentials
from accounts.login_throttle import LoginThrottle
from accounts.models import LoginSession, TokenPurpose, User
from accounts.one_time_tokens import OneTimeTokenService
from accounts.passwords import Passwords
from accounts.rules import ensure_email_verified, ensure_password, parse_email
from accounts.second_factor import SecondFactorService
from accounts.services import UserService
from accounts.sessions import SessionService, Viewer
from accounts.sign_in import SignInManager
from accounts.totp import TotpSecrets
from kit.actor import Actor
from kit.audit import record
from kit.db.database import Database
from kit.errors import NotFound, TooMany, ValidationFailed
from kit.mail import Mailer


class AccountSettings:
    """Changes the name, password, e-mail address, sessions and second factor of the signed-in person.

    Every method may raise NotSignedIn, when the account or the session ended meanwhile. Methods that take a password
    or a code may raise TooMany, and ValidationFailed for its field when it is wrong.
    """

    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        throttle: LoginThrottle,
        mailer: Mailer,
        totp: TotpSecrets,
        sign_in_manager: SignInManager,
        *,
        public_url: str,
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._throttle = throttle
        self._mailer = mailer
        self._totp = totp
        self._sign_in_manager = sign_in_manager
        self._login_url = f"{public_url}/login"
        self._forgot_url = f"{public_url}/forgot-password"
        self._verify_url = f"{public_url}/verify-email/"

    async def rename(self, viewer: Viewer, *, name: str, by: Actor) -> None:
        """Change the person's name. Raises: ValidationFailed."""
        async with self._database.tenant_session(None, viewer.user_id) as session:
            await UserService(session).rename(viewer.user_id, name, by=by)

    async def change_password(self, viewer: Viewer, *, current: str, new: str, by: Actor) -> str:
        """Set a new password, end other sessions, and return this session's new raw id. Raises: ValidationFailed."""
        ensure_password(new, email=viewer.email, name=viewer.name, field="new_password")
        await self._ensure_password(viewer, current, by, field="current_password")
        hashed = await self._passwords.hash(new)
        async with self._database.tenant_session(None, viewer.user_id) as session:
            user = await UserService(session).get_active(viewer.user_id)
            user.password_hash = hashed
            await session.flush()
            await OneTimeTokenService(session).delete_all(
                user.id, TokenPurpose.RESET_PASSWORD, TokenPurpose.CHANGE_EMAIL
            )
            await record(session, by, "password.changed", subject_id=user.id, subject_name=user.email)
            await self._mailer.send_after_commit(session, mails.password_changed(user.email, self._forgot_url))
            return await _end_other_sessions(session, viewer)

    async def request_email_change(self, viewer: Viewer, *, email: str, password: str, by: Actor) -> None:
        """Mail a link to the new e-mail address, and a notice to the present one if that is confirmed.

        Only the mail to the new address tells whether that address has an account. Raises: ValidationFailed.
        """
        new_email = parse_email(email)
        if new_email == viewer.email:
            raise ValidationFailed([("email", "This is your e-mail address already")])
        await self._ensure_password(viewer, password, by, field="password")
        if not await self._throttle.allow_mail("change-email", viewer.email):
            raise TooMany("We have sent several mails already. Wait an hour, then try again", retry_after=3600)
        may_mail_new = await self._throttle.allow_mail("sign-up", new_email)
        async with self._database.tenant_session(None, viewer.user_id) as session:
            other = await UserService(session).find_by_email(new_email)
            # An unconfirmed account does not keep the owner of its e-mail address from using that address.
            if other is not None and other.email_verified_at is not None:
                mail = mails.email_in_use(new_email, self._login_url)
            else:
                issue = OneTimeTokenService(session).issue
                raw = await issue(viewer.user_id, TokenPurpose.CHANGE_EMAIL, new_email=new_email)
                mail = mails.confirm_new_email(new_email, self._verify_url + raw)
            if may_mail_new:
                await self._mailer.send_after_commit(session, mail)
            # An unconfirmed present address may belong to a stranger, who must not learn the new one.
            if viewer.email_verified:
                notice = mails.email_change_requested(viewer.email, new_email, self._forgot_url)
                await self._mailer.send_after_commit(session, notice)
            details = {"new_email": new_email}
            await record(session, by, "email.change_requested", subject_id=viewer.user_id, details=details)

    async def list_sessions(self, viewer: Viewer) -> Sequence[LoginSession]:
        """The person's active sessions, the last seen first."""
        async with self._database.tenant_session(None, viewer.user_id) as session:
            return await SessionService(session).list_active(viewer.user_id)

    async def end_session(self, viewer: Viewer, session_id: UUID, *, by: Actor) -> None:
        """End one of the person's sessions. Raises: NotFound."""
        async with self._database.tenant_session(None, viewer.user_id) as session:
            if not await SessionService(session).end_for_user(viewer.user_id, session_id):
                raise NotFound
            await record(session, by, "session.ended", subject_id=session_id)

    async def end_other_sessions(self, viewer: Viewer, *, by: Actor) -> int:
        """End all other sessions; return how many there were."""
        async with self._database.tenant_session(None, viewer.user_id) as session:
            count = await SessionService(session).end_all(viewer.user_id, except_id=viewer.session_id)
            await record(session, by, "session.others_ended", details={"count": count})
            return count

    async def get_second_factor(self, viewer: Viewer) -> tuple[User, str | None, int]:
        """The person, the secret of a pending enrolment if any, and the number of unused recovery codes."""
        async with self._database.tenant_session(None, viewer.user_id) as session:
            user = await UserService(session).get_active(viewer.user_id)
            factor = SecondFactorService(session, self._totp)
            return user, factor.pending_secret(user), await factor.count_unused_codes(user)

    async def start_second_factor(self, viewer: Viewer, *, password: str, by: Actor) -> None:
        """Start the enrolment. Raises: EmailNotVerified, ValidationFailed, SecondFactorStateConflict."""
        ensure_email_verified(viewer.email_verified)
        await self._ensure_password(viewer, password, by, field="password")
        async with self._database.tenant_session(None, viewer.user_id) as session:
            await SecondFactorService(session, self._totp).enrol(await UserService(session).get_active(viewer.user_id))

    async def confirm_second_factor(self, viewer: Viewer, *, code: str, by: Actor) -> tuple[Sequence[str], str]:
        """Finish the enrolment, end all other sessions, and return recovery codes and this session's new raw id.

        Raises: ValidationFailed, SecondFactorStateConflict.
        """
        async with self._database.tenant_session(None, viewer.user_id) as session:
            user = await UserService(session).get_active(viewer.user_id)
            try:
                codes = await SecondFactorService(session, self._totp).confirm(user, code, by=by)
            except WrongCode as wrong:
                raise ValidationFailed([("code", wrong.message)]) from wrong
            await self._mail_second_factor_change(session, user, "switched on")
            return codes, await _end_other_sessions(session, viewer)

    async def renew_recovery_codes(self, viewer: Viewer, *, code: str, by: Actor) -> Sequence[str]:
        """Replace the recovery codes by ten new ones. Raises: ValidationFailed, SecondFactorStateConflict."""
        await self._ensure_code(viewer, code, by)
        async with self._database.tenant_session(None, viewer.user_id) as session:
            user = await UserService(session).get_active(viewer.user_id)
            await self._mail_second_factor_change(session, user, "new recovery codes were made")
            return await SecondFactorService(session, self._totp).renew_codes(user, by=by)

    async def disable_second_factor(self, viewer: Viewer, *, password: str, code: str, by: Actor) -> str:
        """Disable the second factor, end all other sessions, and return this session's new raw id.

        Raises: ValidationFailed, SecondFactorStateConflict.
        """
        await self._ensure_password(viewer, password, by, field="password")
        await self._ensure_code(viewer, code, by)
        async with self._database.tenant_session(None, viewer.user_id) as session:
            user = await UserService(session).get_active(viewer.user_id)
            await SecondFactorService(session, self._totp).disable(user, by=by)
            await self._mail_second_factor_change(session, user, "switched off")
            return await _end_other_sessions(session, viewer)

    async def _mail_second_factor_change(self, session: AsyncSession, user: User, change: str) -> None:
        mail = mails.second_factor_changed(user.email, change, self._forgot_url)
        await self._mailer.send_after_commit(session, mail)

    async def _ensure_password(self, viewer: Viewer, password: str, by: Actor, *, field: str) -> None:
        try:
            await self._sign_in_manager.verify_password(viewer.user_id, password, by.client_ip_address)
        except WrongCredentials as wrong:
            raise ValidationFailed([(field, "This is not your password")]) from wrong

    async def _ensure_code(self, viewer: Viewer, code: str, by: Actor) -> None:
        async with self._database.tenant_session(None, viewer.user_id) as session:
            user = await UserService(session).get_active(viewer.user_id)
        try:
            await self._sign_in_manager.verify_code(user, code, by.client_ip_address)
        except WrongCode as wrong:
            raise ValidationFailed([("code", wrong.message)]) from wrong


async def _end_other_sessions(session: AsyncSession, viewer: Viewer) -> str:
    """End the person's other sessions and return a new raw id for this one."""
    sessions = SessionService(session)
    await sessions.end_all(viewer.user_id, except_id=viewer.session_id)
    return await sessions.rotate_id(viewer.session_id)
