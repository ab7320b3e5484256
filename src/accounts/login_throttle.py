"""Limits sign-in attempts, sign-ups and mails by account, IP address and recipient, for all workers together.

It also records used one-time values, such as the challenges of passkeys.
"""

import datetime as dt
import hashlib

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from kit.clock import utc_now
from kit.db.database import Database
from kit.db.rate_limit import RateCounter, hit_or_raise
from kit.errors import TooMany
from kit.http.client_ip_address import is_loopback, limited_network

FREE_FAILURES = 5
"""Failures in a row without a delay; each further failure doubles the delay."""
FIRST_DELAY = dt.timedelta(seconds=30)
MAX_DELAY = dt.timedelta(minutes=15)
FAILURES_EXPIRE_AFTER = dt.timedelta(days=1)


class RateLimit(msgspec.Struct, frozen=True):
    """A number of uses in a time window."""

    limit: int
    window: dt.timedelta


SIGN_IN_FAILURES_PER_IP_ADDRESS = RateLimit(20, dt.timedelta(minutes=15))
SIGN_UPS_PER_IP_ADDRESS = RateLimit(20, dt.timedelta(hours=1))
RESETS_PER_IP_ADDRESS = RateLimit(10, dt.timedelta(hours=1))
MAILS_PER_RECIPIENT = RateLimit(3, dt.timedelta(hours=1))


class LoginThrottle:
    """Counts uses and refuses those beyond a limit.

    It counts in separate transactions, so that a refused request does not undo its count.
    """

    def __init__(self, database: Database, *, exempts_loopback: bool) -> None:
        """``exempts_loopback``: in the sandbox all people share the loopback address."""
        self._database = database
        self._exempts_loopback = exempts_loopback

    async def hit_ip_address(self, action: str, ip_address: str, limit: RateLimit) -> None:
        """Count one use of ``action`` by an IP address. Raises: TooMany."""
        key = self._key(action, ip_address)
        if key is not None:
            async with self._database.sessions() as session, session.begin():
                # Raised after the block, so that the count is committed.
                refusal = await _hit(session, key, limit)
            if refusal is not None:
                raise refusal

    async def allow_mail(self, action: str, email: str) -> bool:
        """Count one mail to ``email``; False when the limit is reached, which responses must not reveal."""
        async with self._database.sessions() as session, session.begin():
            return await _hit(session, f"{action}:{fingerprint(email)}", MAILS_PER_RECIPIENT) is None

    async def consume_one_time_value(self, key: str, expires_at: float) -> bool:
        """Mark a one-time value, valid until ``expires_at`` (Unix seconds), as used; False when it already was."""
        until = dt.datetime.fromtimestamp(expires_at, dt.UTC)
        used = insert(RateCounter).values(id=uuid7(), key=key, window_start=until, times=1).on_conflict_do_nothing()
        async with self._database.sessions() as session, session.begin():
            return await session.scalar(used.returning(RateCounter.id)) is not None

    async def ensure_may_attempt(self, account: str, ip_address: str) -> None:
        """Check the limits before a secret is checked. Raises: TooMany."""
        async with self._database.sessions() as session, session.begin():
            await self._ensure_not_delayed(session, account, ip_address)

    async def record_attempt(self, account: str, ip_address: str, *, succeeded: bool) -> None:
        """Record the outcome after a secret was checked; a success resets the failures.

        Many attempts at once all pass ``ensure_may_attempt`` before the first one fails. The limits are therefore
        checked again under a lock, and an attempt beyond them does not learn whether the secret was right.

        Raises:
            TooMany: the account or the IP address must wait.
        """
        async with self._database.sessions() as session, session.begin():
            await session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(account, 0))))
            await self._ensure_not_delayed(session, account, ip_address)
            if succeeded:
                await session.execute(sa.delete(RateCounter).where(RateCounter.key == account))
                return
            await self._record_failure(session, account)
            key = self._key("sign-in", ip_address)
            if key is not None:
                await _hit(session, key, SIGN_IN_FAILURES_PER_IP_ADDRESS)

    async def reset(self, account: str) -> None:
        """Delete the failures of an account."""
        async with self._database.sessions() as session, session.begin():
            await session.execute(sa.delete(RateCounter).where(RateCounter.key == account))

    async def _ensure_not_delayed(self, session: AsyncSession, account: str, ip_address: str) -> None:
        now = utc_now()
        row = (await session.execute(_failures_of(account, now))).one_or_none()
        if row is not None:
            ready_at = row.window_start + delay_after(row.times)
            if ready_at > now:
                raise TooMany(retry_after=_seconds(ready_at - now))
        key = self._key("sign-in", ip_address)
        if key is not None:
            limit = SIGN_IN_FAILURES_PER_IP_ADDRESS
            start = _window_start(now, limit.window)
            times = sa.select(RateCounter.times).where(RateCounter.key == key, RateCounter.window_start == start)
            if (await session.scalar(times) or 0) >= limit.limit:
                raise TooMany(retry_after=_seconds(start + limit.window - now))

    @staticmethod
    async def _record_failure(session: AsyncSession, account: str) -> None:
        """Store one row for each account; its window starts with the last failure."""
        now = utc_now()
        row = (await session.execute(_failures_of(account, now))).one_or_none()
        await session.execute(sa.delete(RateCounter).where(RateCounter.key == account))
        session.add(RateCounter(key=account, window_start=now, times=1 if row is None else row.times + 1))
        await session.flush()

    def _key(self, action: str, ip_address: str) -> str | None:
        """The key of an IP address's counter; None when the IP address is not counted."""
        if self._exempts_loopback and is_loopback(ip_address):
            return None
        return f"{action}:address:{limited_network(ip_address)}"


def account_key(action: str, account: str) -> str:
    """The key of an account's counter. It is made from the entered text, so unknown accounts have one too."""
    return f"{action}:account:{fingerprint(account)}"


def fingerprint(text: str) -> str:
    """A digest that identifies a text without storing it."""
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()


def delay_after(failures: int) -> dt.timedelta:
    """The delay after ``failures`` wrong attempts in a row."""
    if failures < FREE_FAILURES:
        return dt.timedelta(0)
    # Ten doublings exceed the maximum already.
    doublings = min(failures - FREE_FAILURES, 10)
    return min(FIRST_DELAY * (1 << doublings), MAX_DELAY)


def _failures_of(account: str, now: dt.datetime) -> sa.Select[int, dt.datetime]:
    recent = RateCounter.window_start > now - FAILURES_EXPIRE_AFTER
    return sa.select(RateCounter.times, RateCounter.window_start).where(RateCounter.key == account, recent)


async def _hit(session: AsyncSession, key: str, limit: RateLimit) -> TooMany | None:
    """Count one use; return the refusal when it exceeds ``limit``."""
    try:
        await hit_or_raise(session, key, limit=limit.limit, window=limit.window)
    except TooMany as refusal:
        return refusal
    return None


def _window_start(now: dt.datetime, window: dt.timedelta) -> dt.datetime:
    seconds = int(window.total_seconds())
    return dt.datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, dt.UTC)


def _seconds(span: dt.timedelta) -> int:
    return max(1, int(span.total_seconds()) + 1)
