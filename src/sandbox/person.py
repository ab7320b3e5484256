"""Simulates the person on a telephone line: executes the steps of a script."""

from collections.abc import Sequence

from sandbox.audio_track import PERSON_TONE, Sound
from sandbox.call_environment import Timer
from sandbox.line import Line, Stage
from sandbox.person_script import Milestone, Step

KEY_SECONDS = 0.2
"""The time from one key to the next."""


class Person:
    """Executes the steps one after the other, from ``start`` on."""

    def __init__(self, line: Line, steps: Sequence[Step], voice: Sound = PERSON_TONE) -> None:
        self._line, self._steps, self._voice = line, list(steps), voice
        self._awaited: Milestone | None = None
        self._timer: Timer | None = None
        self._has_begun = self._is_speaking = False
        line.on_stage = self._stage_changed

    @property
    def hangs_up_first(self) -> bool:
        """True when the first step hangs up: the script then begins without an answer."""
        return bool(self._steps) and self._steps[0].hang_up is not None

    def start(self) -> None:
        """Begin the script, unless it has begun."""
        if not self._has_begun:
            self._has_begun = True
            self._schedule(0)

    def _stage_changed(self) -> None:
        if self._line.stage is Stage.OVER:
            self._stop()
        elif self._awaited is not None and self._is_reached(self._awaited):
            self._awaited = None
            # In a timer, so that the code that changed the stage finishes first.
            self._schedule(0)

    def _is_reached(self, milestone: Milestone) -> bool:
        stage = self._line.stage
        match milestone:
            case "answered":
                return stage not in (Stage.RINGING, Stage.OVER)
            case "heard":
                return stage in (Stage.RECORD, Stage.CONNECTED)
            case _:
                return stage == milestone

    def _run_next_step(self) -> None:
        if self._is_speaking:
            # Only if a step speaks: the line may play a mailbox's sound or an echo, which must continue.
            self._line.audio_from_person.play(None)
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
                self._line.audio_from_person.play(self._voice)
                self._is_speaking = True
            self._schedule(step.speak or step.wait or 0)

    def _await(self, milestone: Milestone) -> None:
        if self._is_reached(milestone):
            self._schedule(0)
        else:
            self._awaited = milestone

    def _press(self, keys: str) -> None:
        if keys[1:]:
            self._steps.insert(0, Step(press=keys[1:]))
        self._schedule(KEY_SECONDS)
        self._line.press(keys[0])

    def _schedule(self, seconds: float) -> None:
        self._timer = self._line.clock.call_later(seconds, self._run_next_step)

    def _stop(self) -> None:
        self._steps.clear()
        self._awaited = None
        if self._timer is not None:
            self._timer.cancel()
