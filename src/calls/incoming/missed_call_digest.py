"""Mails members about missed calls that nobody returned: at most once an hour or a day, as each member chose."""

import datetime as dt
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.models import User
from calls.incoming.call_state import BLOCKED
from calls.models import UNRETURNED_SQL, Call, CallStatus
from kit.clock import utc_now
from kit.db.database import Database
from kit.mail import Mail
from kit.time_zones import short_time, zone_of
from tenants.models import Membership, MissedDigest, Organization
from tenants.settings_paths import SettingsSection, settings_path

DAILY_HOUR = 8
"""The hour of daily digests, in the organization's time zone."""
MEMBERS_PER_BATCH = 500
SendMail = Callable[[AsyncSession, Mail], Awaitable[None]]
log = structlog.get_logger("epoch.calls")


class _Recipient(msgspec.Struct, frozen=True):
    """A member who chose to get digests."""

    membership_id: UUID
    organization_id: UUID
    organization: str
    slug: str
    zone_name: str | None
    country: str
    digest_name: str
    mailed_through: dt.datetime
    seen_at: dt.datetime | None
    email: str

    @property
    def digest(self) -> MissedDigest:
        return MissedDigest(self.digest_name)

    @property
    def zone(self) -> ZoneInfo:
        return zone_of(self.zone_name, self.country)

    @property
    def since(self) -> dt.datetime:
        """Calls that were missed before this time were mailed, or seen in the dashboard."""
        return self.mailed_through if self.seen_at is None else max(self.mailed_through, self.seen_at)


class _MissedCalls(msgspec.Struct, frozen=True):
    calls: int
    voicemails: int
    last_missed_at: dt.datetime | None


class MissedCallDigester:
    """Sends the mails that are due. Made once at start."""

    def __init__(self, job_database: Database, send: SendMail, public_url: str) -> None:
        """``job_database`` must see every organization; ``send`` sends a mail; links begin with ``public_url``."""
        self._job_database = job_database
        self._send = send
        self._public_url = public_url

    async def run(self, now: dt.datetime | None = None) -> int:
        """Send each due digest; return the number of mails. A mail and its time are stored in one transaction."""
        moment, sent, after = now or utc_now(), 0, None
        while recipients := await self._recipients(after):
            for recipient in recipients:
                if recipient.mailed_through < period_start(recipient.digest, recipient.zone, moment):
                    sent += await self._mail(recipient, moment)
            after = recipients[-1].membership_id
        if sent:
            log.info("missed_call_digests_sent", sent=sent)
        return sent

    async def _recipients(self, after: UUID | None) -> Sequence[_Recipient]:
        query = (
            sa.select(
                Membership.id,
                Organization.id,
                Organization.name,
                Organization.slug,
                Organization.time_zone,
                Organization.country,
                Membership.missed_digest,
                sa.func.coalesce(Membership.missed_mailed_at, Membership.created_at),
                Membership.missed_seen_at,
                User.email,
            )
            .join(Organization, Organization.id == Membership.organization_id)
            .join(User, User.id == Membership.user_id)
            .where(
                Membership.missed_digest != MissedDigest.OFF,
                Organization.deleted_at.is_(None),
                Organization.suspended_at.is_(None),
            )
            .order_by(Membership.id)
            .limit(MEMBERS_PER_BATCH)
        )
        if after is not None:
            query = query.where(Membership.id > after)
        async with self._job_database.sessions() as session:
            rows: Sequence[Any] = (await session.execute(query)).all()
        return [_Recipient(*row) for row in rows]

    async def _mail(self, recipient: _Recipient, now: dt.datetime) -> bool:
        async with self._job_database.sessions() as session, session.begin():
            missed = await self._missed(session, recipient, now)
            mark = (
                sa.update(Membership)
                .where(Membership.id == recipient.membership_id)
                .values(missed_mailed_at=now)
                .returning(Membership.id)
            )
            if await session.scalar(mark) is None or not missed.calls or missed.last_missed_at is None:
                return False
            await self._send(session, _digest_mail(recipient, missed, missed.last_missed_at, now, self._public_url))
            return True

    async def _missed(self, session: AsyncSession, recipient: _Recipient, now: dt.datetime) -> _MissedCalls:
        query = sa.select(
            sa.func.count(),
            sa.func.count().filter(Call.status == CallStatus.VOICEMAIL),
            sa.func.max(Call.missed_at),
        ).where(
            Call.owned_by(recipient.organization_id),
            sa.text(UNRETURNED_SQL),
            Call.missed_at > recipient.since,
            Call.missed_at <= now,
            # Callers who pressed 9 asked not to be called, so nobody has to call them back.
            Call.end_reason.is_distinct_from(BLOCKED),
        )
        return _MissedCalls(*(await session.execute(query)).one())


def period_start(digest: MissedDigest, zone: ZoneInfo, now: dt.datetime) -> dt.datetime:
    """The start of the present hour or day; a digest that was mailed later than that is not due."""
    if digest is not MissedDigest.DAILY:
        return now.replace(minute=0, second=0, microsecond=0)
    local = now.astimezone(zone)
    day = local.date() if local.hour >= DAILY_HOUR else local.date() - dt.timedelta(days=1)
    return dt.datetime.combine(day, dt.time(DAILY_HOUR), zone)


def _digest_mail(
    recipient: _Recipient, missed: _MissedCalls, last: dt.datetime, now: dt.datetime, public_url: str
) -> Mail:
    zone = recipient.zone
    calls = "1 missed call" if missed.calls == 1 else f"{missed.calls} missed calls"
    since, latest = (short_time(moment, zone, now=now) for moment in (recipient.since, last))
    summary = f"{calls} since {since} ({zone.key}), the last one at {latest}. Nobody has called back yet."
    voicemails = f"{'1 caller' if missed.voicemails == 1 else f'{missed.voicemails} callers'} left a message."
    period = "day" if recipient.digest is MissedDigest.DAILY else "hour"
    settings = settings_path(recipient.slug, SettingsSection.INCOMING_CALLS)
    return Mail(
        to=recipient.email,
        subject=f"{calls} for {recipient.organization}",
        paragraphs=(
            summary,
            *([voicemails] if missed.voicemails else []),
            f"This mail comes at most once a {period}, and only about calls that you have not seen in the list.",
        ),
        action=("See the missed calls", f"{public_url}/dashboard/{recipient.slug}/calls?direction=missed"),
        second_action=("Change or stop these mails", f"{public_url}{settings}#missed-mails"),
    )
