"""The carrier's error codes for refused number purchases and addresses: meaning for staff, error for customers.

Source: the carrier's public list of errors and warnings. Code 20429 (too many requests) is not in these tables: the
port raises ``NotDoneAtCarrier`` for it.
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


class CarrierRefusal(NamedTuple):
    """The meaning and the error of one code."""

    meaning: str
    """For staff: the cause, in the carrier's terms."""
    error: type[DomainError]
    message: str
    """For customers: what happened, and then what to do."""


_TRIAL = "The carrier's account is a trial, which may hold one number: upgrade it in the carrier's console"
NUMBER_REFUSALS = {
    10002: CarrierRefusal(_TRIAL, CarrierAccountLimited, CarrierAccountLimited.message),
    21404: CarrierRefusal(_TRIAL, CarrierAccountLimited, CarrierAccountLimited.message),
    21421: CarrierRefusal(
        "The number has no valid form for the carrier",
        NumberNotAvailable,
        "The carrier does not know this number. Search again and choose another one",
    ),
    21422: CarrierRefusal(
        "The carrier does not own the number, or has reserved or sold it",
        NumberNotAvailable,
        NumberNotAvailable.message,
    ),
    21451: CarrierRefusal(
        "The area code does not exist in North America",
        NoNumbersInAreaCode,
        "The carrier does not know this area code. Search with another one, or without",
    ),
    21452: CarrierRefusal(
        "The carrier has no numbers in the area code", NoNumbersInAreaCode, NoNumbersInAreaCode.message
    ),
    21613: CarrierRefusal("The number needs an address on the account", AddressRequired, AddressRequired.message),
    21615: CarrierRefusal(
        "The number needs an address in its own country or area",
        AddressRequired,
        "This number needs a registered address in its own country. Add one in the settings under Phone number, then"
        " get the number again",
    ),
    21631: CarrierRefusal(
        "The number needs an AddressSid, and an address that satisfies the rule of its country and type",
        AddressRequired,
        "This number needs a registered address in its own country or area, and the carrier accepts none of your"
        " addresses. Add one in the settings under Phone number, then get the number again",
    ),
    21649: CarrierRefusal(
        "The number needs a BundleSid: an approved regulatory bundle for its country and type",
        BundleRequired,
        BundleRequired.message,
    ),
}
ADDRESS_REFUSALS = {
    21238: CarrierRefusal(
        "A field of the address is wrong",
        AddressNotValid,
        "The carrier does not accept a part of this address. Check region and postal code, then try again",
    ),
    21628: CarrierRefusal("The address cannot be validated", AddressNotValid, AddressNotValid.message),
    21629: CarrierRefusal(
        "The address cannot be validated; the carrier's message contains a similar address that is valid",
        AddressNotValid,
        "The carrier knows a similar address, but not this one. Check each part against an official register or map,"
        " then try again",
    ),
}
_UNKNOWN_ADDRESS_CODE_MESSAGE = (
    "The carrier did not accept this address. Check each part of it; if it is refused again, contact support"
)
_UNKNOWN_NUMBER_CODE_MESSAGE = (
    "The carrier did not sell this number. Choose another one; if that is refused too, contact support"
)


def number_refusal(code: int | None) -> DomainError:
    """The error for customers about a refused purchase or search."""
    known = NUMBER_REFUSALS.get(code or 0)
    return NumberNotAvailable(_UNKNOWN_NUMBER_CODE_MESSAGE) if known is None else known.error(known.message)


def address_refusal(code: int | None) -> DomainError:
    """The error for customers about a refused address."""
    known = ADDRESS_REFUSALS.get(code or 0)
    return AddressNotValid(_UNKNOWN_ADDRESS_CODE_MESSAGE) if known is None else known.error(known.message)


def describe_refusal(code: int | None) -> str:
    """The code and its meaning, for staff."""
    known = NUMBER_REFUSALS.get(code or 0) or ADDRESS_REFUSALS.get(code or 0)
    meaning = "see the carrier's list of errors" if known is None else known.meaning
    return f"{code or 'no code'}: {meaning}"
