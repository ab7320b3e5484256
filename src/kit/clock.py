"""The current time in UTC by the database's clock, so that all machines use the same clock."""

from datetime import UTC, datetime, timedelta

IGNORED_SKEW = timedelta(seconds=1)
"""A smaller difference is not corrected: the network may cause it, and clocks of machines with NTP differ less."""


class Clock:
    """This machine's clock, corrected by the difference to the database's that was measured last."""

    def __init__(self) -> None:
        self.skew = timedelta()
        """The database's time minus this machine's, as measured last."""

    def machine_now(self) -> datetime:
        """Now by this machine's clock alone."""
        return datetime.now(UTC)

    def now(self) -> datetime:
        """Now by the database's clock, by the skew that was measured last."""
        return self.machine_now() + self.skew if abs(self.skew) > IGNORED_SKEW else self.machine_now()

    def measure_skew(self, database_time: datetime, *, asked_at: datetime, answered_at: datetime) -> None:
        """Measure the skew: the database showed ``database_time`` between two times of this machine's clock."""
        max_error = (answered_at - asked_at) / 2
        skew = database_time - (asked_at + max_error)
        # A slow answer measures the skew inexactly: the measurement before may be better.
        if max_error <= IGNORED_SKEW or abs(skew) > max_error:
            self.skew = skew


CLOCK = Clock()
"""The clock of this process."""


def utc_now() -> datetime:
    """Now, aware, in UTC, by the database's clock."""
    return CLOCK.now()
