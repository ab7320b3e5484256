"""Numbers that stand on one side only: kept from one comparison with the carrier to the next, for people to look at."""

import datetime as dt
from collections.abc import Sequence

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped
from uuid_utils.compat import uuid7

from kit.db.model import Base


class Discrepancy(msgspec.Struct, frozen=True):
    """A number that stands on one side only and that nobody may decide about by rule."""

    carrier_sid: str | None
    e164: str
    why: str

    @property
    def ending(self) -> str:
        """The number's last four digits: as much as logs and terminals may show."""
        return self.e164[-4:]


class NumberDifference(Base):
    """A discrepancy that the last comparison found."""

    __tablename__ = "number_difference"
    __table_args__ = (sa.UniqueConstraint("e164", "why"),)

    e164: Mapped[str]
    carrier_sid: Mapped[str | None]
    """The carrier's id of it, where we know one."""
    why: Mapped[str]
    seen_at: Mapped[dt.datetime]
    """By the last comparison; ``created_at`` is when the first one saw it."""


async def keep(session: AsyncSession, found: Sequence[Discrepancy], now: dt.datetime) -> None:
    """``found`` is all that the comparison of ``now`` found; what an earlier one had found besides is settled."""
    by_key = {(item.e164, item.why): item.carrier_sid for item in found}
    rows = [
        {"id": uuid7(), "e164": e164, "carrier_sid": sid, "why": why, "seen_at": now}
        for (e164, why), sid in by_key.items()
    ]
    if rows:
        statement = insert(NumberDifference).values(rows)
        seen = {"seen_at": now, "carrier_sid": statement.excluded.carrier_sid}
        await session.execute(statement.on_conflict_do_update(index_elements=["e164", "why"], set_=seen))
    await session.execute(sa.delete(NumberDifference).where(NumberDifference.seen_at < now))
