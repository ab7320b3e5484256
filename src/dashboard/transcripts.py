"""Voicemail transcripts as pages show them. Pure."""

import textwrap

import msgspec

from calls.incoming.transcripts import LONGEST_SECONDS, SHORTEST_SECONDS, TranscriptStatus, is_transcribable
from calls.incoming.voicemails import VoicemailDetails

FIRST_CHARACTERS = 160
"""The length of a transcript in a list, cut between words."""
_PENDING = "The transcript is not ready yet: it takes a few minutes."
_SILENT = "The carrier recognized no words."
_WRONG_LENGTH = (
    f"Not transcribed: the carrier transcribes voicemails of {SHORTEST_SECONDS} to {LONGEST_SECONDS} seconds only."
)
_FAILED = "The carrier could not transcribe this voicemail."


class ShownTranscript(msgspec.Struct, frozen=True):
    """The transcript of one voicemail, or a note that says why there is none."""

    words: str = ""
    is_cut: bool = False
    """The voicemail's page shows all of it."""
    note: str = ""


def shown_transcript(message: VoicemailDetails, *, is_whole: bool) -> ShownTranscript:
    """``is_whole``: the whole transcript, whatever its length."""
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
