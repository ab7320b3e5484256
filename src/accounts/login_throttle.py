"""How often the doors may be tried: by account and by address, counted across workers and restarts."""

import datetime as dt
import hashlib
from ipaddress import ip_address, ip_network

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from kit.clock import utc_now
from kit.db.database import Database
from kit.db.rate_limit import RateCounter, hit_or_raise
from kit.errors import TooMany

FREE_FAILURES = 5
"""So many wrong attempts in a row cost nothing; each further one must wait twice as long as the one before."""
FIRST_DELAY = dt.timedelta(seconds=30)
MAX_DELAY = dt.timedelta(minutes=15)
FAILURES_EXPIRE_AFTER = dt.timedelta(days=1)


class RateLimit(msgspec.Struct, frozen=True):
    """So many uses in so long a time."""

    limit: int
    window: dt.timedelta


SIGN_IN_FAILURES_BY_ADDRESS = RateLimit(20, dt.timedelta(minutes=15))
SIGN_UPS_BY_ADDRESS = RateLimit(20, dt.timedelta(hours=1))
RESETS_BY_ADDRESS = RateLimit(10, dt.timedelta(hours=1))
MAILS_TO_ONE_ADDRESS = RateLimit(3, dt.timedelta(hours=1))


class LoginThrottle:
    """Counts in transactions of its own: what was counted outlasts the refusal of the request."""

    def __init__(self, database: Database, *, exempts_loopback: bool) -> None:
        """``exempts_loopback``: one machine trying the sandbox out has one address for all its people."""
        self._database = database
        self._exempts_loopback = exempts_loopback

    async def hit_address(self, what: str, address: str, allowance: RateLimit) -> None:
        """Count one use by an address. Raises: TooMany."""
        key = self._key(what, address)
        if key is not None:
            async with self._database.sessions() as session, session.begin():
                # The count is kept although the refusal leaves this block.
                refused = await _refusal(session, key, allowance)
            if refused is not None:
                raise refused

    async def allow_mail(self, what: str, email: str) -> bool:
        """Count one mail to a person; False when they got enough of them, which nobody is told."""
        async with self._database.sessions() as session, session.begin():
            return await _refusal(session, f"{what}:{fingerprint(email)}", MAILS_TO_ONE_ADDRESS) is None

    async def ensure_may_attempt(self, account: str, address: str) -> None:
        """Before the work of checking a secret. Raises: TooMany."""
        async with self._database.sessions() as session, session.begin():
            await self._ensure_not_waiting(session, account, address)

    async def record_attempt(self, account: str, address: str, *, succeeded: bool) -> None:
        """After checking a secret: note a failure, forget earlier ones after a success.

        Many attempts at once have all passed ``ensure_may_try`` before the first has failed. Therefore the question
        is asked again under a lock, and whoever comes too late does not learn whether the secret was right.

        Raises:
            TooMany: the account or the address must wait.
        """
        async with self._database.sessions() as session, session.begin():
            await session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(account, 0))))
            await self._ensure_not_waiting(session, account, address)
            if succeeded:
                await session.execute(sa.delete(RateCounter).where(RateCounter.key == account))
                return
            await self._note_failure(session, account)
            key = self._key("sign-in", address)
            if key is not None:
                await _refusal(session, key, SIGN_IN_FAILURES_BY_ADDRESS)

    async def reset(self, account: str) -> None:
        """Forget the failures of an account."""
        async with self._database.sessions() as session, session.begin():
            await session.execute(sa.delete(RateCounter).where(RateCounter.key == account))

    async def _ensure_not_waiting(self, session: AsyncSession, account: str, address: str) -> None:
        now = utc_now()
        row = (await session.execute(_failures_of(account, now))).one_or_none()
        if row is not None:
            ready_at = row.window_start + delay_after(row.times)
            if ready_at > now:
                raise TooMany(retry_after=_seconds(ready_at - now))
        key = self._key("sign-in", address)
        if key is not None:
            allowance = SIGN_IN_FAILURES_BY_ADDRESS
            start = _window_start(now, allowance.window)
            times = sa.select(RateCounter.times).where(RateCounter.key == key, RateCounter.window_start == start)
            if (await session.scalar(times) or 0) >= allowance.limit:
                raise TooMany(retry_after=_seconds(start + allowance.window - now))

    @staticmethod
    async def _note_failure(session: AsyncSession, account: str) -> None:
        """One row by account, its window beginning with the last failure."""
        now = utc_now()
        row = (await session.execute(_failures_of(account, now))).one_or_none()
        await session.execute(sa.delete(RateCounter).where(RateCounter.key == account))
        session.add(RateCounter(key=account, window_start=now, times=1 if row is None else row.times + 1))
        await session.flush()

    def _key(self, what: str, address: str) -> str | None:
        """The counter's key; None when the address is not counted."""
        try:
            ip = ip_address(address)
        except ValueError:
            return f"{what}:address:unknown"
        if self._exempts_loopback and ip.is_loopback:
            return None
        # One household has a whole /64 of addresses.
        return f"{what}:address:{ip_network(f'{ip}/64', strict=False) if ip.version == 6 else ip}"


def account_key(what: str, who: str) -> str:
    """The key of an account's failures; made of what was typed, so that unknown accounts have one too."""
    return f"{what}:account:{fingerprint(who)}"


def fingerprint(text: str) -> str:
    """Tells texts apart without keeping them."""
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()


def delay_after(failures: int) -> dt.timedelta:
    """How long an account waits after its last of ``failures`` wrong attempts in a row."""
    if failures < FREE_FAILURES:
        return dt.timedelta(0)
    # Ten doublings are beyond the longest delay already.
    doublings = min(failures - FREE_FAILURES, 10)
    return min(FIRST_DELAY * (1 << doublings), MAX_DELAY)


def _failures_of(account: str, now: dt.datetime) -> sa.Select[int, dt.datetime]:
    recent = RateCounter.window_start > now - FAILURES_EXPIRE_AFTER
    return sa.select(RateCounter.times, RateCounter.window_start).where(RateCounter.key == account, recent)


async def _refusal(session: AsyncSession, key: str, allowance: RateLimit) -> TooMany | None:
    try:
        await hit_or_raise(session, key, limit=allowance.limit, window=allowance.window)
    except TooMany as refused:
        return refused
    return None


def _window_start(now: dt.datetime, window: dt.timedelta) -> dt.datetime:
    seconds = int(window.total_seconds())
    return dt.datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, dt.UTC)


def _seconds(span: dt.timedelta) -> int:
    return max(1, int(span.total_seconds()) + 1)
