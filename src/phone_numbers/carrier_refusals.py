"""The carrier's refusals to sell a number or accept an address, by code: meaning for staff, refusal for customers.

Source: the carrier's public list of errors and warnings. Too many requests (20429) are not here: ``NotDoneAtCarrier``
stands for them, whatever was asked.
"""

from typing import NamedTuple

from kit.errors import DomainError
from phone_numbers.errors import (
    AddressNotValid,
    AddressRequired,
    BundleRequired,
    CarrierAccountLimited,
    NoNumbersInAreaCode,
    NumberNotAvailable,
)


class NumberRefusal(NamedTuple):
    """The texts about one code."""

    meaning: str
    """For staff: the cause, in the carrier's terms."""
    error: type[DomainError]
    message: str
    """For customers: what happened, then what to do."""


_TRIAL = "The carrier's account is a trial, which may hold one number: upgrade it in the carrier's console"
NUMBER_REFUSALS = {
    10002: NumberRefusal(_TRIAL, CarrierAccountLimited, CarrierAccountLimited.message),
    21404: NumberRefusal(_TRIAL, CarrierAccountLimited, CarrierAccountLimited.message),
    21421: NumberRefusal(
        "The number has no valid form for the carrier",
        NumberNotAvailable,
        "The carrier does not know this number. Search again and choose another one",
    ),
    21422: NumberRefusal(
        "The carrier does not own the number, or has reserved or sold it",
        NumberNotAvailable,
        NumberNotAvailable.message,
    ),
    21451: NumberRefusal(
        "The area code is not one of North America",
        NoNumbersInAreaCode,
        "The carrier does not know this area code. Search with another one, or without",
    ),
    21452: NumberRefusal(
        "The carrier has no numbers in the area code", NoNumbersInAreaCode, NoNumbersInAreaCode.message
    ),
    21613: NumberRefusal("The number needs an address on the account", AddressRequired, AddressRequired.message),
    21615: NumberRefusal(
        "The number needs an address in its own country or area",
        AddressRequired,
        "This number needs a registered address in its own country. Add one in the settings under Phone number, then"
        " get the number again",
    ),
    21631: NumberRefusal(
        "The number needs an AddressSid, and an address that satisfies the rule of its country and type",
        AddressRequired,
        "This number needs a registered address of its own country or area, and none of yours satisfies the carrier."
        " Add one in the settings under Phone number, then get the number again",
    ),
    21649: NumberRefusal(
        "The number needs a BundleSid: an approved regulatory bundle for its country and type",
        BundleRequired,
        BundleRequired.message,
    ),
}
ADDRESS_REFUSALS = {
    21238: NumberRefusal(
        "A parameter of the address is wrong",
        AddressNotValid,
        "The carrier does not accept a part of this address. Check region and postal code, then try again",
    ),
    21628: NumberRefusal("The address cannot be validated", AddressNotValid, AddressNotValid.message),
    21629: NumberRefusal(
        "The address cannot be validated; a similar one is valid, and in the carrier's message",
        AddressNotValid,
        "The carrier knows a similar address, but not this one. Check each part against an official register or map,"
        " then try again",
    ),
}
_UNKNOWN_ADDRESS = "The carrier did not accept this address. Check each part of it; if that fails too, contact support"
_UNKNOWN = "The carrier did not sell this number. Choose another one; if that fails too, contact support"


def number_refusal(code: int | None) -> DomainError:
    """The refusal for customers."""
    known = NUMBER_REFUSALS.get(code or 0)
    return NumberNotAvailable(_UNKNOWN) if known is None else known.error(known.message)


def address_refusal(code: int | None) -> DomainError:
    """The refusal of a new address, for customers."""
    known = ADDRESS_REFUSALS.get(code or 0)
    return AddressNotValid(_UNKNOWN_ADDRESS) if known is None else known.error(known.message)


def describe_refusal(code: int | None) -> str:
    """The code with its meaning, for staff."""
    known = NUMBER_REFUSALS.get(code or 0) or ADDRESS_REFUSALS.get(code or 0)
    meaning = "see the carrier's list of errors" if known is None else known.meaning
    return f"{code or 'no code'}: {meaning}"
