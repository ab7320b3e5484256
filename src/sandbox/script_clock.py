"""``ScriptClock``: the clock of one simulated call, which runs ``speed`` times as fast as real time."""

from collections.abc import Callable

from sandbox.call_environment import Environment, Timer


class ScriptClock:
    """Counts seconds of one call's script from its beginning; all lines of a call share it.

    While a timer's action runs, ``seconds`` is the time at which the timer was due. The time that really passed would
    contain the delays of a busy machine, multiplied by ``speed``.
    """

    def __init__(self, environment: Environment, speed: float) -> None:
        self._environment, self._speed = environment, speed
        self._beginning = environment.now()
        self._due: float | None = None
        self._latest = 0.0

    def seconds(self) -> float:
        """The seconds since the script's beginning; never less than the value returned before."""
        now = self._passed() if self._due is None else self._due
        self._latest = max(self._latest, now)
        return self._latest

    def call_later(self, seconds: float, action: Callable[[], None]) -> Timer:
        due = self.seconds() + seconds

        def run() -> None:
            outer, self._due = self._due, due
            try:
                action()
            finally:
                self._due = outer

        return self._environment.call_later(max(0.0, due - self._passed()) / self._speed, run)

    def _passed(self) -> float:
        return (self._environment.now() - self._beginning).total_seconds() * self._speed
