"""The carrier's events of an outgoing call that is answered and completed, for tests that send or store them."""

import datetime as dt
from collections.abc import Mapping

START = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
EVENTS: tuple[tuple[str, int, Mapping[str, str]], ...] = (
    ("ringing", 1, {}),
    ("in-progress", 3, {}),
    ("completed", 9, {"CallDuration": "6"}),
)
"""Status of the dialled leg, seconds after ``START``, and further form fields; sequence numbers begin with 1."""
TALK_SECONDS = 6
"""The call's talk time."""
ENDED = START + dt.timedelta(seconds=9)
