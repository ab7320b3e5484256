"""Services of staff accounts (invite, set password by link, change role, disable, reset second factor) and sessions."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
import sqlalchemy as sa
from advanced_alchemy.repository import SQLAlchemyAsyncRepository

from accounts.rules import parse_email
from accounts.second_factor import SecondFactorService
from accounts.services import AccountService, actor_of
from accounts.sessions import LAST_SEEN_PRECISION, AbstractSessionService, is_active
from accounts.totp import TotpSecrets
from admin.errors import LastAdmin, StaffLinkNotUsable
from admin.models import Staff, StaffRole, StaffSession
from kit import audit
from kit.actor import Actor
from kit.audit import AuditEvent
from kit.clock import utc_now
from kit.db.database import set_tenant_context
from kit.errors import NotFound
from kit.secrets import digest

STAFF_LINK_LIFETIME = timedelta(minutes=30)
STAFF_SESSION_IDLE = timedelta(minutes=30)
STAFF_SESSION_LIFETIME = timedelta(hours=8)


class StaffViewer(msgspec.Struct, frozen=True):
    """The staff member behind a request."""

    staff_id: UUID
    session_id: UUID
    email: str
    role: StaffRole
    ip_address: str

    @property
    def actor(self) -> Actor:
        return Actor(Staff.actor_kind, self.staff_id, self.email, self.ip_address)


class InvitedStaff(NamedTuple):
    """A staff account and the token of its one-time link, which is shown once."""

    staff: Staff
    link_token: str


class StaffSessionService(AbstractSessionService[StaffSession]):
    """Sessions of staff."""

    class Repository(SQLAlchemyAsyncRepository[StaffSession]):
        model_type = StaffSession

    repository_type = Repository
    idle_timeout = STAFF_SESSION_IDLE
    lifetime = STAFF_SESSION_LIFETIME

    async def find_viewer(
        self, session_token: str, ip_address: str, now: datetime, *, is_activity: bool = True
    ) -> StaffViewer | None:
        """The staff member of the active session ``session_token``.

        Activity updates the session's last-seen time, at most once a minute. Requests that a page sends without
        a person's action are no activity: they must not extend an unused session.
        """
        query = (
            sa.select(StaffSession.id, StaffSession.last_seen_at, Staff.id, Staff.email, Staff.role)
            .join(Staff, Staff.id == StaffSession.user_id)
            .where(
                StaffSession.digest == digest(session_token),
                *is_active(StaffSession, now, STAFF_SESSION_IDLE),
                ~StaffSession.awaits_second_factor,
                Staff.disabled_at.is_(None),
                sa.or_(Staff.totp_enabled_at.is_not(None), Staff.has_passkey),
            )
        )
        row = (await self._session.execute(query)).one_or_none()
        if row is None:
            return None
        session_id, seen_at, staff_id, email, role = row
        if is_activity and now - seen_at > LAST_SEEN_PRECISION:
            # UPDATE, not upsert: a session that has ended in the meantime must stay ended.
            seen = sa.update(StaffSession).where(StaffSession.id == session_id).values(last_seen_at=now)
            await self._session.execute(seen)
        return StaffViewer(staff_id=staff_id, session_id=session_id, email=email, role=role, ip_address=ip_address)

    async def recent_sign_ins(self, staff_id: UUID, limit: int) -> Sequence[AuditEvent]:
        """The audit events of a staff member's sign-ins, the latest first."""
        own = AuditEvent.actor_id == staff_id, AuditEvent.action == "session.started"
        query = sa.select(AuditEvent).where(*own).order_by(AuditEvent.id.desc()).limit(limit)
        return (await self._session.scalars(query)).all()


class StaffService(AccountService[Staff]):
    """Staff accounts."""

    class Repository(SQLAlchemyAsyncRepository[Staff]):
        model_type = Staff

    repository_type = Repository

    async def add(self, email: str, role: StaffRole | None, *, unknown_password_hash: str, by: Actor) -> InvitedStaff:
        """Create a staff account, or renew the link of an existing one; an earlier link stops working.

        The first account becomes an admin whatever ``role`` is, so that somebody can manage the others. With ``role``
        None an existing account keeps its role, and a new account gets the lowest one. A new account has the password
        of ``unknown_password_hash`` until the link's holder sets one.

        Raises: ValidationFailed, when ``email`` is not an e-mail address.
        """
        session, email = self._session, parse_email(email)
        # Two concurrent requests must not both find no account, or create the same one.
        await session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext("admin.staff"))))
        staff = await self._repository.get_one_or_none(Staff.email == email)
        if staff is None:
            is_first = await session.scalar(sa.select(Staff.id).limit(1)) is None
            staff = Staff(
                email=email,
                role=StaffRole.ADMIN if is_first else role or StaffRole.SUPPORT,
                password_hash=unknown_password_hash,
            )
            session.add(staff)
        elif role is not None:
            staff.role = role
        link_token = secrets.token_urlsafe(32)
        staff.link_digest, staff.link_expires_at = digest(link_token), utc_now() + STAFF_LINK_LIFETIME
        staff.disabled_at = None
        await session.flush()
        details = {"role": staff.role.value}
        await audit.record(session, by, "staff.invited", subject_id=staff.id, subject_name=staff.email, details=details)
        return InvitedStaff(staff, link_token)

    async def get_by_link(self, link_token: str) -> Staff:
        """The account of the link with ``link_token``; the link stays usable. Raises: StaffLinkNotUsable."""
        staff = await self._repository.get_one_or_none(*_link_is_usable(link_token))
        if staff is None:
            raise StaffLinkNotUsable
        return staff

    async def set_password_by_link(self, link_token: str, *, password_hash: str, ip_address: str) -> Staff:
        """Use up the link: set the password and end all sessions of the account. Raises: StaffLinkNotUsable."""
        session = self._session
        staff = await self.get_by_link(link_token)
        # One statement checks and uses the link, so only one of two concurrent requests succeeds.
        used = sa.update(Staff).where(*_link_is_usable(link_token)).values(link_digest=None, link_expires_at=None)
        if await session.scalar(used.returning(Staff.id)) is None:
            raise StaffLinkNotUsable
        staff.password_hash, staff.joined_at = password_hash, staff.joined_at or utc_now()
        await session.flush()
        await StaffSessionService(session).end_all(staff.id)
        await set_tenant_context(session, None, staff.id)
        by = actor_of(staff, ip_address)
        await audit.record(session, by, "staff.joined", subject_id=staff.id, subject_name=staff.email)
        return staff

    async def change_role(self, staff_id: UUID, role: StaffRole, *, by: Actor) -> None:
        """Give a staff member another role. Raises: NotFound, LastAdmin."""
        staff = await self._lock_and_get(staff_id, is_admin_after=role is StaffRole.ADMIN)
        before, staff.role = staff.role, role
        changed = {"before": {"role": before.value}, "after": {"role": role.value}}
        await self._record(staff, by, "staff.role_changed", changed)

    async def disable(self, staff_id: UUID, *, by: Actor) -> None:
        """Disable a staff account and end its sessions. Raises: NotFound, LastAdmin."""
        staff = await self._lock_and_get(staff_id, is_admin_after=False)
        staff.disabled_at, staff.link_digest = utc_now(), None
        await self._session.flush()
        await StaffSessionService(self._session).end_all(staff.id)
        await self._record(staff, by, "staff.disabled", None)

    async def reset_second_factor(self, staff_id: UUID, totp: TotpSecrets, *, by: Actor) -> None:
        """Remove a staff member's second factors; the next sign-in enrols a new one.

        Raises: NotFound, SecondFactorStateConflict.
        """
        staff = await self._repository.get_one_or_none(Staff.id == staff_id)
        if staff is None:
            raise NotFound
        await SecondFactorService(self._session, totp).remove_all(staff, by=by)
        await StaffSessionService(self._session).end_all(staff.id)

    async def _lock_and_get(self, staff_id: UUID, *, is_admin_after: bool) -> Staff:
        """Lock all admins and return the staff member. Raises: NotFound, LastAdmin."""
        session = self._session
        # Locks all admins, always in the same order: of two admins who demote each other at once, one must fail.
        admins = sa.select(Staff.id).where(Staff.role == StaffRole.ADMIN, Staff.disabled_at.is_(None))
        others = set((await session.scalars(admins.order_by(Staff.id).with_for_update())).all()) - {staff_id}
        staff = await self._repository.get_one_or_none(Staff.id == staff_id, Staff.disabled_at.is_(None))
        if staff is None:
            raise NotFound
        if not is_admin_after and not others:
            raise LastAdmin
        return staff

    async def _record(self, staff: Staff, by: Actor, action: str, details: dict[str, Any] | None) -> None:
        session = self._session
        await audit.record(session, by, action, subject_id=staff.id, subject_name=staff.email, details=details)


def _link_is_usable(link_token: str) -> tuple[sa.ColumnElement[bool], ...]:
    return Staff.link_digest == digest(link_token), Staff.link_expires_at > utc_now(), Staff.disabled_at.is_(None)
