"""Rate limits counted in PostgreSQL, for all workers together; their counts outlast restarts."""

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from kit.clock import utc_now
from kit.db.model import Base
from kit.errors import TooMany
from kit.limit_metrics import count_near_or_refused


class RateCounter(Base):
    """The number of uses of one key in one window of time."""

    __tablename__ = "rate_counter"
    __table_args__ = (sa.UniqueConstraint("key", "window_start"), sa.Index(None, "window_start"))

    key: Mapped[str]
    window_start: Mapped[dt.datetime]
    times: Mapped[int] = mapped_column(server_default="1")


async def count_use(session: AsyncSession, key: str, *, window: dt.timedelta, now: dt.datetime | None = None) -> int:
    """Count one use of ``key``; return the number of uses in the ``window`` of ``now``, this one included."""
    start = _window_start(now or utc_now(), window)
    statement = insert(RateCounter).values(key=key, window_start=start, times=1)
    counted = statement.on_conflict_do_update(
        index_elements=["key", "window_start"], set_={"times": RateCounter.times + 1}
    ).returning(RateCounter.times)
    return await session.scalar(counted) or 0


async def hit_or_raise(
    session: AsyncSession, key: str, *, limit: int, window: dt.timedelta, now: dt.datetime | None = None
) -> None:
    """Count one use of ``key``. Use a separate session: the rollback of a refused request must not undo the count.

    Raises:
        TooMany: more than ``limit`` uses in the current ``window``.
    """
    now = now or utc_now()
    count = await count_use(session, key, window=window, now=now)
    count_near_or_refused(key, count, limit)
    if count > limit:
        start = _window_start(now, window)
        raise TooMany(retry_after=max(1, int((start + window - now).total_seconds())))


async def uncount_use(session: AsyncSession, key: str, *, window: dt.timedelta, used_at: dt.datetime) -> None:
    """Subtract one use of ``key`` that was counted at ``used_at``, because its action failed."""
    start = _window_start(used_at, window)
    counted = RateCounter.key == key, RateCounter.window_start == start, RateCounter.times > 0
    await session.execute(sa.update(RateCounter).where(*counted).values(times=RateCounter.times - 1))


def _window_start(now: dt.datetime, window: dt.timedelta) -> dt.datetime:
    seconds = int(window.total_seconds())
    return dt.datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, dt.UTC)
