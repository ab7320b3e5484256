"""The current time, in UTC, by the database's clock: several machines decide by the same one."""

from datetime import UTC, datetime, timedelta

NOISE = timedelta(seconds=1)
"""A smaller difference is left alone: it may be the network's, and machines with NTP are closer than that."""


class Clock:
    """This machine's clock, corrected by the difference to the database's that was measured last."""

    def __init__(self) -> None:
        self.skew = timedelta()
        """The database's time minus this machine's, as measured last."""

    def machine_now(self) -> datetime:
        """Now by this machine's clock alone."""
        return datetime.now(UTC)

    def now(self) -> datetime:
        """Now by the database's clock, as far as it is known."""
        return self.machine_now() + self.skew if abs(self.skew) > NOISE else self.machine_now()

    def compare(self, database_time: datetime, *, asked_at: datetime, answered_at: datetime) -> None:
        """Note what the database's clock showed between two times of this machine's."""
        doubt = (answered_at - asked_at) / 2
        skew = database_time - (asked_at + doubt)
        # A slow answer measures the skew poorly: the measurement before may be better.
        if doubt <= NOISE or abs(skew) > doubt:
            self.skew = skew


CLOCK = Clock()
"""The clock of this process."""


def utc_now() -> datetime:
    """Now, aware, in UTC, by the database's clock."""
    return CLOCK.now()
