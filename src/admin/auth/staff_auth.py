"""The staff's door: password, then always a second factor, which is enrolled at the first sign-in."""

from collections.abc import Sequence
from typing import NamedTuple

from accounts.account_services import AccountServices
from accounts.errors import NotSignedIn, WrongCode
from accounts.login_throttle import account_key
from accounts.services import actor_of
from accounts.sessions import Browser
from accounts.sign_in import Authenticator, SignedIn
from admin.models import Staff
from admin.services import StaffService, StaffSessionService, StaffViewer, staff_of
from kit.audit import record
from kit.clock import utc_now
from kit.db.database import Database

DOOR = "staff-sign-in"


class Waiting(NamedTuple):
    """Somebody between the password and the code."""

    staff: Staff
    secret: str | None
    """What their app is to be given, while they have not enrolled."""


class StaffDoor:
    """Lets staff in. Throttled like the customers' door, and counted apart from it."""

    def __init__(self, database: Database, accounts: AccountServices) -> None:
        """``database`` runs as the staff's role; passwords, limits and codes are those of the customers' door."""
        self._database = database
        self._accounts = accounts
        self._sign_in = Authenticator(
            database,
            accounts.passwords,
            accounts.login_throttle,
            accounts.second_factor,
            accounts=StaffService,
            sessions=StaffSessionService,
            throttle_scope=DOOR,
        )

    async def viewer(self, raw: str, address: str, *, is_activity: bool = True) -> StaffViewer | None:
        """The staff member whose live session ``raw`` is, which lives longer for what is activity."""
        async with self._database.sessions() as session, session.begin():
            return await staff_of(session, raw, address, utc_now(), is_activity=is_activity)

    async def first_step(self, *, email: str, password: str, browser: Browser, replaces: str | None) -> SignedIn:
        """Check the password and begin a session that awaits the code. Raises: TooMany, WrongCredentials."""
        return await self._sign_in.start_sign_in(email=email, password=password, browser=browser, replaces=replaces)

    async def waiting(self, raw: str) -> Waiting | None:
        """Who waits behind ``raw``; for somebody without a second factor an enrolment is begun."""
        async with self._database.sessions() as session, session.begin():
            awaiting = await StaffSessionService(session).find_awaiting(raw)
            if awaiting is None:
                return None
            staff = await StaffService(session).get_active(awaiting.user_id)
            factor = self._accounts.second_factor
            if staff.totp_enabled_at is not None:
                return Waiting(staff, None)
            return Waiting(staff, factor.pending_secret(staff) or await factor.enrol(session, staff))

    async def second_step(self, *, raw: str, code: str, browser: Browser) -> SignedIn:
        """Sign in with a code. Raises: NotSignedIn (nobody waits), TooMany, WrongCode."""
        return await self._sign_in.finish_sign_in(raw=raw, code=code, browser=browser)

    async def enrol(self, *, raw: str, code: str, browser: Browser) -> tuple[Sequence[str], SignedIn]:
        """Confirm the second factor with its first code, and sign in; the recovery codes are shown once.

        Raises:
            NotSignedIn: nobody waits behind ``raw``.
            SecondFactorUnchanged: it was enrolled meanwhile.
            TooMany, WrongCode: as of ``second_step``.
        """
        waiting = await self.waiting(raw)
        if waiting is None:
            raise NotSignedIn
        staff, limits = waiting.staff, self._accounts.login_throttle
        account = account_key("second-factor", str(staff.id))
        await limits.ensure_may_attempt(account, browser.address)
        try:
            async with self._database.tenant_session(None, staff.id) as session:
                fresh = await StaffService(session).get_active(staff.id)
                by = actor_of(fresh, browser.address)
                codes = await self._accounts.second_factor.confirm(session, fresh, code, by=by)
        except WrongCode:
            await limits.record_attempt(account, browser.address, succeeded=False)
            raise
        await limits.record_attempt(account, browser.address, succeeded=True)
        return codes, await self._sign_in.start_session(fresh, browser, raw)

    async def join(self, raw: str, *, password: str, address: str) -> None:
        """Choose a password by the one-use link. Raises: StaffLinkNotUsable, ValidationFailed."""
        async with self._database.sessions() as session, session.begin():
            service = StaffService(session)
            await service.join(raw, password=password, passwords=self._accounts.passwords, address=address)

    async def ensure_link(self, raw: str) -> str:
        """Whose link it is, by e-mail address. Raises: StaffLinkNotUsable."""
        async with self._database.sessions() as session, session.begin():
            return (await StaffService(session).ensure_link(raw)).email

    async def leave(self, raw: str, viewer: StaffViewer | None) -> None:
        """End the session behind ``raw``, whatever it is worth."""
        async with self._database.sessions() as session, session.begin():
            await StaffSessionService(session).end_by_raw_id(raw)
            if viewer is not None:
                await record(session, viewer.actor, "session.ended", subject_id=viewer.session_id)
