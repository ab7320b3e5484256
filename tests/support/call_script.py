"""The carrier's events of an ordinary call."""

import datetime as dt
from collections.abc import Mapping

START = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
EVENTS: tuple[tuple[str, int, Mapping[str, str]], ...] = (
    ("ringing", 1, {}),
    ("in-progress", 3, {}),
    ("completed", 9, {"CallDuration": "6"}),
)
"""Each state of the dialled leg, after how many seconds, and what else is told; their sequence numbers begin with 1."""
SECONDS = 6
"""Connected."""
ENDED = START + dt.timedelta(seconds=9)
