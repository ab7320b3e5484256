"""The refusal of an erasure of a number."""

from kit.errors import Conflict


class NumberInLiveCall(Conflict):
    """The number cannot be erased now, because a live call would store it again when it ends."""

    code = "number_in_live_call"
    message = "This number is in a live call. Wait for its end or end it, then erase the number"
