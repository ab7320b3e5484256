"""The types of events that customers' programs receive."""

import enum


class EventType(enum.StrEnum):
    """The types, such as ``embed_token.created``; programs compare them, so none is ever renamed."""

    @staticmethod
    def _generate_next_value_(name: str, start: int, count: int, last_values: list[str]) -> str:
        """The thing and what happened to it: the last word of the name stands behind a dot."""
        thing, _, happened = name.lower().rpartition("_")
        return f"{thing}.{happened}"

    CALL_STARTED = enum.auto()
    CALL_ANSWERED = enum.auto()
    CALL_ENDED = enum.auto()
    """Once for each call; afterwards only ``CALL_UPDATED`` follows."""
    CALL_UPDATED = enum.auto()
    """A call that is over has changed: its ``version`` is one more."""
    CALL_MISSED = enum.auto()
    """Beside the ``CALL_ENDED`` of a call that nobody accepted."""
    VOICEMAIL_RECEIVED = enum.auto()
    PHONE_NUMBER_ADDED = enum.auto()
    PHONE_NUMBER_RELEASED = enum.auto()
    EMBED_TOKEN_CREATED = enum.auto()
    EMBED_TOKEN_REVOKED = enum.auto()
    LIMIT_REACHED = enum.auto()
