"""Parses the forms that the carrier posts about incoming calls. Pure."""

import re
from collections.abc import Mapping

import msgspec

from calls.call_state import STATUS_BY_CARRIER_STATUS
from calls.callback_forms import parse_call_sid
from calls.errors import InvalidCallback
from kit.e164 import is_e164
from kit.text import is_valid_text

_WITHHELD_NUMBERS = frozenset({"+266696687", "+7378742833", "+2562533", "+8656696", "+86282452253"})
"""The numbers that the carrier sends for ANONYMOUS, RESTRICTED, BLOCKED, UNKNOWN, UNAVAILABLE, typed on a keypad."""
_MAX_ATTESTATION_CHARACTERS = 64
_RECORDING_SID = re.compile(r"RE[0-9a-f]{32}")
_TRANSCRIPTION_SID = re.compile(r"TR[0-9a-f]{32}")
_MAX_DURATION_DIGITS = 6
_KEYS = frozenset("0123456789*#")
_ATTESTATION = re.compile(rf"[A-Za-z0-9-]{{1,{_MAX_ATTESTATION_CHARACTERS}}}")


class IncomingCall(msgspec.Struct, frozen=True):
    """A call to one of our numbers, as the carrier announces it."""

    call_sid: str
    called: str
    """The called number, E.164; may be any text."""
    caller: str | None
    """The caller's number, E.164, which can be forged; None where it is withheld or no phone number."""
    attestation: str | None
    """The carrier's verification of ``caller``."""


def parse_incoming_call(form: Mapping[str, str]) -> IncomingCall:
    """Parse a call to a number. Raises: InvalidCallback."""
    called, caller = form.get("To", ""), form.get("From", "")
    attestation = form.get("StirVerstat", "")
    is_known = is_e164(caller) and caller not in _WITHHELD_NUMBERS
    return IncomingCall(
        call_sid=parse_call_sid(form, "CallSid"),
        called=called if is_valid_text(called) else "",
        caller=caller if is_known else None,
        attestation=attestation if _ATTESTATION.fullmatch(attestation) else None,
    )


def parse_caller_leg(form: Mapping[str, str]) -> str:
    """The carrier's id of the caller's leg, from a request about that leg. Raises: InvalidCallback."""
    return parse_call_sid(form, "CallSid")


def parse_phone_leg(form: Mapping[str, str]) -> tuple[str, str]:
    """The carrier's ids of the caller's leg and of the forwarded phone's. Raises: InvalidCallback."""
    return parse_call_sid(form, "ParentCallSid"), parse_call_sid(form, "CallSid")


def has_caller_hung_up(form: Mapping[str, str]) -> bool:
    """True when a request about the caller's leg has a final status: the caller has hung up."""
    status = STATUS_BY_CARRIER_STATUS.get(form.get("CallStatus", ""))
    return status is not None and status.is_final


def pressed_key(form: Mapping[str, str]) -> str:
    """The pressed key. Raises: InvalidCallback, when there is not exactly one."""
    digits = form.get("Digits", "")
    if digits not in _KEYS:
        raise InvalidCallback
    return digits


class FinishedRecording(msgspec.Struct, frozen=True):
    """A finished recording of a caller, from the request after the recording or from its status callback."""

    call_sid: str
    recording_sid: str | None
    """None where nothing was recorded."""
    seconds: int
    key: str
    """The key that ended it; empty where none did."""


def parse_recording(form: Mapping[str, str]) -> FinishedRecording:
    """Parse a request about a recording. Raises: InvalidCallback."""
    sid, status = form.get("RecordingSid", ""), form.get("RecordingStatus", "completed")
    seconds = form.get("RecordingDuration", "0")
    if not seconds.isascii() or not seconds.isdigit() or len(seconds) > _MAX_DURATION_DIGITS:
        raise InvalidCallback
    if sid and not _RECORDING_SID.fullmatch(sid):
        raise InvalidCallback
    has_recording = bool(sid) and status == "completed" and int(seconds) > 0
    key = form.get("Digits", "")
    return FinishedRecording(
        call_sid=parse_call_sid(form, "CallSid"),
        recording_sid=sid if has_recording else None,
        seconds=int(seconds),
        key=key if key in _KEYS else "",
    )


class FinishedTranscription(msgspec.Struct, frozen=True):
    """A transcription that is completed or has failed; its text is requested from the carrier later."""

    call_sid: str
    recording_sid: str
    transcription_sid: str


def parse_transcription(form: Mapping[str, str]) -> FinishedTranscription:
    """Parse a callback about a transcription. Raises: InvalidCallback."""
    sid, recording = form.get("TranscriptionSid", ""), form.get("RecordingSid", "")
    if not _TRANSCRIPTION_SID.fullmatch(sid) or not _RECORDING_SID.fullmatch(recording):
        raise InvalidCallback
    return FinishedTranscription(parse_call_sid(form, "CallSid"), recording, sid)


def forwarded_number(form: Mapping[str, str]) -> str | None:
    """The forwarded phone's number, E.164, from a request about its leg; None where it is no phone number."""
    number = form.get("To", "")
    return number if is_e164(number) else None
