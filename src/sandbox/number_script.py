"""The behaviour of called numbers and of the carrier, as a call needs it."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.switches import Switches
from sandbox.test_numbers import FarEnd

DIAL_SETUP_SECONDS = 0.3
"""From dialling to ringing, busy or failure."""
E164 = re.compile(r"\+[1-9][0-9]{6,14}")


@dataclass(frozen=True, slots=True)
class NumberScript:
    """The behaviour of called numbers and of the carrier. ``speed`` divides the waits of this script, nothing else."""

    far_end: Callable[[str], FarEnd]
    speed: float = 1.0
    switches: Switches = field(default_factory=Switches)
