"""The texts of messages: which ones the carrier can write down, and how their texts are kept. Pure."""

import enum

from kit.text import single_line

SHORTEST_SECONDS, LONGEST_SECONDS = 2, 120
"""The carrier writes down messages of these lengths."""
MAX_CHARACTERS = 10_000
"""More than anybody says in two minutes; what is longer is cut."""
_LANGUAGE = "en"


class TranscriptStatus(enum.StrEnum):
    """The states of a message's text."""

    PENDING = "pending"
    """The carrier was asked for it."""
    COMPLETED = "completed"
    FAILED = "failed"
    """The carrier could not write the message down, or never told its text."""


def is_transcribable_language(language: str) -> bool:
    """True where the carrier understands what callers say in ``language`` (BCP 47)."""
    return language.partition("-")[0] == _LANGUAGE


def is_transcribable(seconds: int) -> bool:
    """True for the length of a message that the carrier writes down."""
    return SHORTEST_SECONDS <= seconds <= LONGEST_SECONDS


def kept_text(told: str) -> str:
    """The text as it is stored: on one line, without characters that cannot be stored or that reorder others."""
    return single_line(told, max_characters=MAX_CHARACTERS)
