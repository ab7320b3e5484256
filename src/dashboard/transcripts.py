"""Texts of voicemail transcripts on pages: whole, shortened, or a note that says why there is none. Pure."""

import textwrap

import msgspec

from calls.incoming.transcripts import LONGEST_SECONDS, SHORTEST_SECONDS, TranscriptStatus, is_transcribable
from calls.incoming.voicemails import VoicemailDetails

MAX_LISTED_CHARACTERS = 160
"""The length to which a list shortens a transcript."""
_PENDING = "The transcript is not ready yet: it takes a few minutes."
_NO_SPEECH = "The carrier recognized no words."
_WRONG_LENGTH = (
    f"Not transcribed: the carrier transcribes voicemails of {SHORTEST_SECONDS} to {LONGEST_SECONDS} seconds only."
)
_FAILED = "The carrier could not transcribe this voicemail."


class ShownTranscript(msgspec.Struct, frozen=True):
    """The transcript of one voicemail, or a note that says why there is none."""

    text: str = ""
    is_shortened: bool = False
    """True if the voicemail's own page shows more of the text."""
    note: str = ""


def shown_transcript(voicemail: VoicemailDetails, *, is_whole: bool) -> ShownTranscript:
    """The transcript of ``voicemail``, shortened unless ``is_whole``."""
    match voicemail.transcript_status:
        case None:
            return ShownTranscript()
        case TranscriptStatus.PENDING:
            return ShownTranscript(note=_PENDING)
        case TranscriptStatus.COMPLETED:
            transcript = voicemail.transcript or ""
            text = transcript if is_whole else _shorten(transcript)
            return ShownTranscript(text, is_shortened=text != transcript, note="" if transcript else _NO_SPEECH)
        case _:
            return ShownTranscript(note=_FAILED if is_transcribable(voicemail.seconds) else _WRONG_LENGTH)


def _shorten(transcript: str) -> str:
    if len(transcript) <= MAX_LISTED_CHARACTERS:
        return transcript
    shortened = textwrap.shorten(transcript, MAX_LISTED_CHARACTERS, placeholder="…")
    # A text that begins with a longer word than that is cut inside the word.
    return shortened if shortened != "…" else f"{transcript[: MAX_LISTED_CHARACTERS - 1]}…"
