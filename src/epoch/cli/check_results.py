"""Results and exceptions of the checks of ``epoch doctor`` and ``epoch carrier verify``."""

import enum

import msgspec


class CheckState(enum.StrEnum):
    """The outcome of a check."""

    OK = "ok"
    WARN = "warn"
    """Calls work, but an operator should look at it."""
    FAIL = "FAIL"


class CheckResult(msgspec.Struct, frozen=True):
    """The result of one check."""

    part: str
    state: CheckState
    detail: str

    @property
    def ok(self) -> bool:
        """False when the check failed; a warning is no failure."""
        return self.state is not CheckState.FAIL

    @property
    def line(self) -> str:
        """The result as commands print it."""
        return f"{self.state:<4}  {self.part:<16}  {self.detail}"


class CheckFailed(Exception):
    """A check failed; the message says why and what to do."""


class PartUnusable(CheckFailed):
    """A check failed, and checks that need the same part cannot run; ``reason`` is the short text of their results."""

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class CheckWarned(Exception):
    """A check found something to look at; the message says what to do."""
