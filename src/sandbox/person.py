"""A person on a line who follows a script."""

from collections.abc import Sequence

from sandbox.audio_track import PERSON, Sound
from sandbox.call_environment import Timer
from sandbox.caller_script import Milestone, Step
from sandbox.line import Line, Stage

KEY_SECONDS = 0.2
"""From one key to the next."""


class Person:
    """Executes the steps one after the other; ``start`` begins."""

    def __init__(self, line: Line, steps: Sequence[Step], voice: Sound = PERSON) -> None:
        self._line, self._steps, self._voice = line, list(steps), voice
        self._awaited: Milestone | None = None
        self._timer: Timer | None = None
        self._has_begun = self._is_speaking = False
        line.on_stage = self._stage_changed

    @property
    def hangs_up_at_once(self) -> bool:
        return bool(self._steps) and self._steps[0].hang_up is not None

    def start(self) -> None:
        """Begin, unless the script runs already."""
        if not self._has_begun:
            self._has_begun = True
            self._later(0)

    def _stage_changed(self) -> None:
        if self._line.stage is Stage.OVER:
            self._stop()
        elif self._awaited is not None and self._is_reached(self._awaited):
            self._awaited = None
            # Later: whoever changed the stage finishes first.
            self._later(0)

    def _is_reached(self, milestone: Milestone) -> bool:
        stage = self._line.stage
        match milestone:
            case "answered":
                return stage not in (Stage.RINGING, Stage.OVER)
            case "heard":
                return stage in (Stage.RECORD, Stage.CONNECTED)
            case _:
                return stage == milestone

    def _next(self) -> None:
        if self._is_speaking:
            # Only what this script said: the sound of a mailbox or an echo is not its own.
            self._line.spoken.play(None)
            self._is_speaking = False
        if not self._steps:
            return
        step = self._steps.pop(0)
        if step.hang_up:
            self._line.on_hang_up()
        elif step.until is not None:
            self._await(step.until)
        elif step.press is not None:
            self._press(step.press)
        else:
            if step.speak is not None:
                self._line.spoken.play(self._voice)
                self._is_speaking = True
            self._later(step.speak or step.wait or 0)

    def _await(self, milestone: Milestone) -> None:
        if self._is_reached(milestone):
            self._later(0)
        else:
            self._awaited = milestone

    def _press(self, keys: str) -> None:
        if keys[1:]:
            self._steps.insert(0, Step(press=keys[1:]))
        self._later(KEY_SECONDS)
        self._line.press(keys[0])

    def _later(self, seconds: float) -> None:
        self._timer = self._line.clock.call_later(seconds, self._next)

    def _stop(self) -> None:
        self._steps.clear()
        self._awaited = None
        if self._timer is not None:
            self._timer.cancel()
