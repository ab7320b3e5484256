"""Refusals about call data that is to go."""

from kit.errors import Conflict


class NumberInLiveCall(Conflict):
    """Erased now, the call would write the number down again when it ends."""

    code = "number_in_live_call"
    message = "This number is in a live call. Wait for its end or end it, then erase the number"
