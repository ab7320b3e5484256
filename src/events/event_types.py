"""The types of events that customers' programs receive."""

import enum


class EventType(enum.StrEnum):
    """The types, such as ``embed_token.created``. Customers' programs compare them, so they are never renamed."""

    @staticmethod
    def _generate_next_value_(name: str, start: int, count: int, last_values: list[str]) -> str:
        """The name in lower case with a dot before its last word: ``CALL_STARTED`` is ``call.started``."""
        subject, _, change = name.lower().rpartition("_")
        return f"{subject}.{change}"

    CALL_STARTED = enum.auto()
    CALL_ANSWERED = enum.auto()
    CALL_ENDED = enum.auto()
    """Once for each call; only ``CALL_UPDATED`` can follow."""
    CALL_UPDATED = enum.auto()
    """An ended call has changed: its ``version`` has grown by one."""
    CALL_MISSED = enum.auto()
    """In addition to ``CALL_ENDED``, for a call that nobody accepted."""
    VOICEMAIL_RECEIVED = enum.auto()
    PHONE_NUMBER_ADDED = enum.auto()
    PHONE_NUMBER_RELEASED = enum.auto()
    EMBED_TOKEN_CREATED = enum.auto()
    EMBED_TOKEN_REVOKED = enum.auto()
    LIMIT_REACHED = enum.auto()
