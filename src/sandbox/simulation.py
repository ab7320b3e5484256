"""Settings of the simulated calls: the behaviour of each called number, the speed of waits, and the switches."""

from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.sandbox_numbers import FarEnd
from sandbox.switches import Switches

DIAL_SETUP_SECONDS = 0.3
"""The time from dialling to ringing, busy or failure."""


@dataclass(frozen=True, slots=True)
class SimulationSettings:
    """The settings of the calls that begin from now on."""

    far_end: Callable[[str], FarEnd]
    """Returns the behaviour of a called number."""
    speed: float = 1.0
    """Divides simulated waits, such as ringing and speech; the time limit of a ``<Dial>`` is not divided."""
    switches: Switches = field(default_factory=Switches)
