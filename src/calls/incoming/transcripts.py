"""Voicemail transcripts: which voicemails the carrier can transcribe, and the form in which text is stored. Pure."""

import enum

from kit.text import single_line

SHORTEST_SECONDS, LONGEST_SECONDS = 2, 120
"""The carrier transcribes recordings of these lengths."""
MAX_CHARACTERS = 10_000
"""More than anybody says in two minutes; a longer text is cut."""
_LANGUAGE = "en"


class TranscriptStatus(enum.StrEnum):
    """The states of a transcript."""

    PENDING = "pending"
    """Requested from the carrier."""
    COMPLETED = "completed"
    FAILED = "failed"
    """The carrier could not transcribe the recording, or never returned text."""


def is_transcribable_language(language: str) -> bool:
    """True if the carrier transcribes speech in ``language`` (BCP 47)."""
    return language.partition("-")[0] == _LANGUAGE


def is_transcribable(seconds: int) -> bool:
    """True if the carrier transcribes recordings of this length."""
    return SHORTEST_SECONDS <= seconds <= LONGEST_SECONDS


def stored_text(received: str) -> str:
    """The text as it is stored: on one line, without characters that cannot be stored or that reorder others."""
    return single_line(received, max_characters=MAX_CHARACTERS)
