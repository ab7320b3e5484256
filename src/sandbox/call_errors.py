"""Errors that are sent to the browser's SDK when a call ends: code and message."""

from typing import NamedTuple

from sandbox.legs import Status


class CallError(NamedTuple):
    """The reason for a call's end, with a code of the browser's SDK."""

    code: int
    message: str


APPLICATION_ERROR = CallError(31000, "Application error")
DECLINED = CallError(31603, "Decline")
UNREACHED_ERRORS = {
    Status.BUSY: CallError(31486, "Busy Here"),
    Status.NO_ANSWER: CallError(31480, "Temporarily Unavailable"),
    Status.FAILED: CallError(31404, "Not Found"),
}
