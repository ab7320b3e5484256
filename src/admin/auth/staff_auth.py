"""Signs staff in and out, and lets them set their password by a one-time link.

A sign-in needs a password and a second factor, which is enrolled at the first sign-in; or a passkey alone.
"""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from accounts.account_services import AccountServices
from accounts.errors import NotSignedIn, SecondFactorStateConflict, WrongCode
from accounts.login_throttle import account_key
from accounts.passkey_ceremony import PasskeyOptions
from accounts.passkey_settings import PasskeySettings
from accounts.rules import ensure_password
from accounts.second_factor import SecondFactorService
from accounts.services import actor_of
from accounts.sessions import Browser
from accounts.sign_in import SignInManager, StartedSession
from admin.models import Staff
from admin.services import StaffService, StaffSessionService, StaffViewer
from kit import audit
from kit.clock import utc_now
from kit.db.database import Database
from kit.mail import Mailer

STAFF_SIGN_IN = "staff-sign-in"


class PendingSignIn(NamedTuple):
    """A sign-in whose password was right and whose second factor is missing."""

    staff: Staff
    enrolment_secret: str | None
    """The key for the authenticator app; None when the staff member has a second factor already."""


class StaffAuth:
    """Signs staff in and out. Uses the throttle of the customers' sign-in, with separate counters."""

    def __init__(self, database: Database, accounts: AccountServices, mailer: Mailer) -> None:
        """``database`` connects as the staff's role; ``accounts`` has the customers' password hasher and throttle."""
        self._database = database
        self._accounts = accounts
        self._sign_in = SignInManager(
            database,
            accounts.passwords,
            accounts.login_throttle,
            accounts.totp,
            accounts.passkey_ceremony,
            account_model=Staff,
            accounts=StaffService,
            sessions=StaffSessionService,
            throttle_scope=STAFF_SIGN_IN,
        )
        self.passkey_settings = PasskeySettings(
            database,
            accounts.passkey_ceremony,
            self._sign_in,
            mailer,
            account_model=Staff,
            accounts=StaffService,
            sessions=StaffSessionService,
        )

    async def find_viewer(self, session_token: str, ip_address: str, *, is_activity: bool = True) -> StaffViewer | None:
        """The staff member of the active session ``session_token``; ``is_activity`` begins its idle time anew."""
        async with self._database.sessions() as session, session.begin():
            return await StaffSessionService(session).find_viewer(
                session_token, ip_address, utc_now(), is_activity=is_activity
            )

    async def start_sign_in(
        self, *, email: str, password: str, browser: Browser, replaces: str | None
    ) -> StartedSession:
        """Check the password and start a session that awaits the code. Raises: TooMany, WrongCredentials."""
        return await self._sign_in.start_sign_in(email=email, password=password, browser=browser, replaces=replaces)

    async def find_pending_sign_in(self, session_token: str) -> PendingSignIn | None:
        """The sign-in that awaits its second factor in the session ``session_token``; None without one.

        Starts the enrolment of staff without a second factor.
        """
        async with self._database.sessions() as session, session.begin():
            awaiting = await StaffSessionService(session).find_awaiting_second_factor(session_token)
            if awaiting is None:
                return None
            staff = await StaffService(session).get_active(awaiting.user_id)
            factor = SecondFactorService(session, self._accounts.totp)
            if staff.has_second_factor:
                return PendingSignIn(staff, None)
            return PendingSignIn(staff, factor.pending_secret(staff) or await factor.enrol(staff))

    async def finish_sign_in(self, *, session_token: str, code: str, browser: Browser) -> StartedSession:
        """Sign in with a code. Raises: NotSignedIn (no pending sign-in), TooMany, WrongCode."""
        return await self._sign_in.finish_sign_in(raw=session_token, code=code, browser=browser)

    async def enrol(self, *, session_token: str, code: str, browser: Browser) -> tuple[Sequence[str], StartedSession]:
        """Confirm the second factor with its first code and sign in; return the recovery codes, which are shown once.

        Raises:
            NotSignedIn: ``session_token`` has no pending sign-in.
            SecondFactorStateConflict: the staff member has a second factor already.
            TooMany, WrongCode: as in ``finish_sign_in``.
        """
        pending = await self.find_pending_sign_in(session_token)
        if pending is None:
            raise NotSignedIn
        staff, throttle = pending.staff, self._accounts.login_throttle
        account = account_key("second-factor", str(staff.id))
        await throttle.ensure_may_attempt(account, browser.ip_address)
        try:
            async with self._database.tenant_session(None, staff.id) as session:
                staff = await StaffService(session).get_active(staff.id)
                by = actor_of(staff, browser.ip_address)
                codes = await SecondFactorService(session, self._accounts.totp).confirm(staff, code, by=by)
        except WrongCode:
            await throttle.record_attempt(account, browser.ip_address, succeeded=False)
            raise
        await throttle.record_attempt(account, browser.ip_address, succeeded=True)
        return codes, await self._sign_in.start_session(staff, browser, session_token)

    def make_passkey_options(self) -> PasskeyOptions:
        """The options for signing in with a passkey. Raises: PasskeysUnavailable."""
        return self._sign_in.make_passkey_options()

    async def sign_in_with_passkey(
        self, *, credential: str, encrypted_challenge: str | None, browser: Browser, replaces: str | None
    ) -> StartedSession:
        """Sign in with a passkey alone, or after the password.

        Raises: PasskeyChallengeNotUsable, PasskeyRefused, TooMany.
        """
        return await self._sign_in.sign_in_with_passkey(
            credential=credential, encrypted_challenge=encrypted_challenge, browser=browser, replaces=replaces
        )

    async def make_first_passkey_options(self, session_token: str) -> PasskeyOptions:
        """The options for the first passkey of staff without a second factor, whose password was checked.

        Raises: NotSignedIn, SecondFactorStateConflict, PasskeysUnavailable.
        """
        staff = await self._get_enrolling_staff(session_token)
        return await self.passkey_settings.make_registration_options_after_password(
            staff.id, purpose=_first_passkey_purpose(staff.id)
        )

    async def enrol_passkey(
        self, *, session_token: str, name: str, credential: str, encrypted_challenge: str | None, browser: Browser
    ) -> StartedSession:
        """Add the first passkey and sign in.

        Raises: NotSignedIn, SecondFactorStateConflict, PasskeyChallengeNotUsable, PasskeyRefused, ValidationFailed.
        """
        staff = await self._get_enrolling_staff(session_token)
        by = actor_of(staff, browser.ip_address)
        await self.passkey_settings.add_first(
            staff.id,
            name=name,
            credential=credential,
            encrypted_challenge=encrypted_challenge,
            purpose=_first_passkey_purpose(staff.id),
            by=by,
        )
        return await self._sign_in.start_session(staff, browser, session_token)

    async def _get_enrolling_staff(self, session_token: str) -> Staff:
        """The staff member without a second factor whose password was checked in the session ``session_token``."""
        pending = await self.find_pending_sign_in(session_token)
        if pending is None:
            raise NotSignedIn
        if pending.staff.has_second_factor:
            raise SecondFactorStateConflict
        return pending.staff

    async def set_password_by_link(self, link_token: str, *, password: str, ip_address: str) -> None:
        """Set the password of the staff member of a one-time link; the link stays usable if the password is refused.

        Raises: StaffLinkNotUsable, ValidationFailed, TooMany.
        """
        async with self._database.sessions() as session, session.begin():
            staff = await StaffService(session).get_by_link(link_token)
        ensure_password(password, email=staff.email, name=staff.name)
        # Hashed between the transactions, so that no connection waits for a hashing slot.
        hashed = await self._accounts.passwords.hash(password)
        async with self._database.sessions() as session, session.begin():
            await StaffService(session).set_password_by_link(link_token, password_hash=hashed, ip_address=ip_address)

    async def email_of_link(self, link_token: str) -> str:
        """The e-mail address of the link's staff member. Raises: StaffLinkNotUsable."""
        async with self._database.sessions() as session, session.begin():
            return (await StaffService(session).get_by_link(link_token)).email

    async def sign_out(self, session_token: str, viewer: StaffViewer | None) -> None:
        """End the session ``session_token``, which may still await the second factor."""
        async with self._database.tenant_session(None, None if viewer is None else viewer.staff_id) as session:
            await StaffSessionService(session).end_by_raw_id(session_token)
            if viewer is not None:
                await audit.record(session, viewer.actor, "session.ended", subject_id=viewer.session_id)


def _first_passkey_purpose(staff_id: UUID) -> str:
    return f"first:{staff_id}"
