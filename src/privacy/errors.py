"""Error that refuses to erase a phone number while it is in a live call."""

from kit.errors import Conflict


class NumberInLiveCall(Conflict):
    """The number cannot be erased now, because a live call would store it again when it ends."""

    code = "number_in_live_call"
    message = "This number is in a live call. Wait for its end or end it, then erase the number"
