"""The carrier's error codes for calls that it did not dial: the meaning for staff, and sentences for customers.

Source: the carrier's public list of errors and warnings. A call that failed with another code gets
``UNKNOWN_CODE_MESSAGE``, because it is not known whether it was dialled.
"""

from typing import NamedTuple


class CarrierErrorCode(NamedTuple):
    """The texts about one code."""

    meaning: str
    """For staff: the cause, in the carrier's terms."""
    message: str
    """For customers: what happened, without a full stop."""
    advice: str
    """For customers: what to do, without a full stop."""
    fixed_by: str | None = "support"
    """The party that must change something first: ``support``, or ``caller``, the person who placed the call.

    None if the same call may succeed later.
    """

    @property
    def sentences(self) -> str:
        """The message and the advice, without the final full stop."""
        return f"{self.message}. {self.advice}"


UNKNOWN_CODE_MESSAGE = "The carrier could not complete the call. Try again; if it fails again, contact support"
_INVALID_NUMBER = "The carrier cannot call this number", "Check the number, then try again"
CARRIER_ERROR_CODES = {
    10004: CarrierErrorCode(
        "The account has reached the carrier's limit of simultaneous calls",
        "The carrier has too many calls at the moment",
        "Try again in a minute",
        fixed_by=None,
    ),
    13214: CarrierErrorCode(
        "The caller ID is not a phone number of the carrier's account",
        "The carrier does not accept the organization's phone number as caller ID",
        "Ask an admin to contact support",
    ),
    13223: CarrierErrorCode("The dialled number has no valid form", *_INVALID_NUMBER, "caller"),
    13224: CarrierErrorCode("The carrier does not call this number, or it is invalid", *_INVALID_NUMBER, "caller"),
    13225: CarrierErrorCode(
        "The carrier forbids calls to this number",
        "The carrier does not allow calls to this number",
        "Use another number",
        "caller",
    ),
    13226: CarrierErrorCode("The dialled number has an unknown country code", *_INVALID_NUMBER, "caller"),
    13227: CarrierErrorCode(
        "The account's geographic permissions exclude this country",
        "The carrier does not allow calls to this country yet",
        "Ask an admin to contact support",
    ),
    21219: CarrierErrorCode(
        "The account is a trial, which can call verified numbers only",
        "The carrier cannot call this number yet",
        "Ask an admin to contact support",
    ),
}


def describe_error(code: int | None) -> str | None:
    """The code and its meaning, for staff; None without a code."""
    if code is None:
        return None
    known = CARRIER_ERROR_CODES.get(code)
    return f"{code}: {known.meaning}" if known else f"{code}: look it up in the carrier's list of errors"


def error_message(code: int | None) -> str | None:
    """The sentences for customers about a call that was not dialled; None for an unknown code."""
    known = CARRIER_ERROR_CODES.get(code or 0)
    return known.sentences if known else None
