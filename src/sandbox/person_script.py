"""Scripts of a simulated person on a call: steps to wait, speak, press keys and hang up, and their validation."""

from typing import Literal

import msgspec

MAX_STEPS = 100
MAX_STEP_SECONDS = 3600
KEYS = "0123456789*#"

Milestone = Literal["answered", "gather", "record", "connected", "heard"]


class Step(msgspec.Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    """One step of a script: exactly one field is set."""

    wait: float | None = None
    """Seconds of silence."""
    speak: float | None = None
    """Seconds of a tone."""
    press: str | None = None
    """Keys, one after the other."""
    hang_up: Literal[True] | None = None
    until: Milestone | None = None
    """Silence until the call is answered, a ``<Gather>`` runs (``gather``), a recording runs (``record``), another
    person is connected, or one of the last two, both of which hear the person (``heard``).
    """


class ScriptError(ValueError):
    """A script is not valid; the message says why."""


def check_script(steps: tuple[Step, ...]) -> None:
    """Check the number of steps and each step. Raises: ScriptError."""
    if len(steps) > MAX_STEPS:
        message = f"A script has at most {MAX_STEPS} steps, not {len(steps)}"
        raise ScriptError(message)
    for position, step in enumerate(steps, 1):
        given = [name for name in step.__struct_fields__ if getattr(step, name) is not None]
        if len(given) != 1:
            message = f"Step {position} of the script needs exactly one of wait, speak, press, hang_up and until"
            raise ScriptError(message)
        seconds = step.wait if step.wait is not None else step.speak
        if seconds is not None and not 0 <= seconds <= MAX_STEP_SECONDS:
            message = f"Step {position} of the script lasts {seconds} s; give 0 to {MAX_STEP_SECONDS}"
            raise ScriptError(message)
        if step.press is not None and not (step.press and set(step.press) <= set(KEYS)):
            message = f"Step {position} of the script presses {step.press!r}; the keys are {KEYS}"
            raise ScriptError(message)
