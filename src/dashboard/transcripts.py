"""Texts of messages as pages show them. Pure."""

import textwrap

import msgspec

from calls.incoming.transcripts import LONGEST_SECONDS, SHORTEST_SECONDS, TranscriptStatus, is_transcribable
from calls.incoming.voicemails import VoicemailDetails

FIRST_CHARACTERS = 160
"""The part of a text that a list shows, cut between words."""
_PENDING = "The text is on its way: the carrier takes some minutes."
_SILENT = "The carrier understood no words."
_WRONG_LENGTH = (
    f"Not written down: the carrier does that for messages of {SHORTEST_SECONDS} to {LONGEST_SECONDS} seconds only."
)
_FAILED = "The carrier could not write this message down."


class ShownTranscript(msgspec.Struct, frozen=True):
    """The text of one message, or a sentence about a text that there is not."""

    words: str = ""
    is_cut: bool = False
    """The message's page shows more of it."""
    note: str = ""


def shown_transcript(message: VoicemailDetails, *, is_whole: bool) -> ShownTranscript:
    """``is_whole``: the text to its end, however long it is."""
    match message.transcript_status:
        case None:
            return ShownTranscript()
        case TranscriptStatus.PENDING:
            return ShownTranscript(note=_PENDING)
        case TranscriptStatus.COMPLETED:
            words = message.transcript or ""
            shown = words if is_whole else _first_words(words)
            return ShownTranscript(shown, is_cut=shown != words, note="" if words else _SILENT)
        case _:
            return ShownTranscript(note=_FAILED if is_transcribable(message.seconds) else _WRONG_LENGTH)


def _first_words(words: str) -> str:
    if len(words) <= FIRST_CHARACTERS:
        return words
    cut = textwrap.shorten(words, FIRST_CHARACTERS, placeholder="…")
    # A text without spaces, or with a first word of that length, is cut anywhere.
    return cut if cut != "…" else f"{words[: FIRST_CHARACTERS - 1]}…"
