"""Phone numbers: parses dialled numbers to E.164 or refuses them; finds countries, formats, masks. Pure."""

import re
from functools import lru_cache

import msgspec
import phonenumbers
from phonenumbers import NumberParseException, PhoneMetadata, PhoneNumber, PhoneNumberFormat

from kit.errors import Forbidden, Invalid
from kit.number_reading import has_length, read_dialled
from kit.number_text import clean_number_text
from kit.numbering import NumberKind, number_range

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_MAX_CHARACTERS = 32
_MAX_UNCLEAN_CHARACTERS = 128
"""Limit before invisible characters are removed."""
_SCHEME = "tel:"
_SHOWN_DIGITS = 4

# Stricter than the library, which silently reads letters as digits and drops extensions and the text after them: a
# misread number must not be called and paid for.
_DIALLABLE = re.compile(r"[ (]*\+?[0-9 ().\-/]*")
_NOT_A_DIGIT = re.compile(r"[^0-9]+")

_LONGEST_SHORT_CODE = 6
"""Short codes differ between countries; no complete number has so few digits."""
_MIN_DIGITS = 3
"""Fewer digits are neither a number nor a short code."""
_NUMBER_IN_TEXT = re.compile(r"\+[1-9](?:[ ().\-/]{0,3}[0-9]){6,14}")

_NO_COUNTRY = "001"  # satellite, international freephone and premium codes: +800 +870 +881 +882 +979 …
_ITU_INTERNATIONAL_PREFIX = "00"


class InvalidPhoneNumber(Invalid):
    """Not a number that can be called."""

    code = "invalid_phone_number"
    message = "Invalid phone number"


class NotOrdinaryNumber(InvalidPhoneNumber):
    """A complete number that must not be called: pay-per-call, special, or assigned to nobody."""

    def __init__(self, kind: NumberKind) -> None:
        super().__init__()
        self.kind = kind


class EmergencyNumber(Forbidden):
    """An emergency number of any country; the product cannot tell the emergency service where the caller is."""

    code = "emergency_number"
    message = "Emergency numbers cannot be called"


class CountryDialing(msgspec.Struct, frozen=True):
    """The dialling prefixes of one country; a prefix is empty where there is none, or more than one."""

    country: str
    calling_code: str
    trunk_prefix: str
    """Dialled before a national number: ``0`` in GB, ``1`` in US."""
    international_prefix: str
    """Dialled instead of the plus sign: ``00`` in GB, ``011`` in US."""


@lru_cache(maxsize=512)
def dialing_of(country: str) -> CountryDialing:
    """Return the dialling prefixes of ``country`` (ISO 3166 alpha-2, upper case).

    Raises:
        ValueError: the country has no numbering plan.
    """
    metadata = PhoneMetadata.metadata_for_region(country)
    if metadata is None:
        raise ValueError(f"no numbering plan for country {country!r}")
    return CountryDialing(
        country=country,
        calling_code=str(metadata.country_code),
        trunk_prefix=metadata.national_prefix or "",
        international_prefix=_international_prefix(metadata),
    )


def parse_dialled(text: str, country: str) -> str:
    """Parse a number as dialled in ``country`` to E.164.

    Does not check whether the caller's organization enabled the destination.

    Raises:
        InvalidPhoneNumber: it cannot be a complete number; ``NotOrdinaryNumber`` where calls to its range are refused.
        EmergencyNumber: it is an emergency number of any country.
    """
    dialled = _cleaned(text)
    digits = _NOT_A_DIGIT.sub("", dialled)
    # Of any country, because people abroad dial the emergency number of their home country. The whole string must
    # match: +91 1234… is not 911.
    if _emergency_numbers().fullmatch(digits):
        raise EmergencyNumber
    if len(digits) <= _LONGEST_SHORT_CODE:
        raise InvalidPhoneNumber
    number = read_dialled(dialled, country)
    if number is None:
        raise InvalidPhoneNumber
    _ensure_callable(number, country)
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    if not _E164.fullmatch(e164):
        raise InvalidPhoneNumber
    return e164


def is_e164(text: str) -> bool:
    """True for ``+`` and 7 to 15 digits, and nothing else."""
    return _E164.fullmatch(text) is not None


def possible_numbers(text: str) -> tuple[str, ...]:
    """Every number that ``text`` may mean in any country, for a search; empty when ``text`` is no phone number.

    Includes ``text`` itself and its digits, because a refused call is stored with the dialled text if it is no number.
    """
    try:
        dialled = _cleaned(text).strip()
    except InvalidPhoneNumber:
        return ()
    digits = _NOT_A_DIGIT.sub("", dialled)
    if len(digits) < _MIN_DIGITS:
        return ()
    found = {dialled, digits, f"+{digits}"}
    for country in [None] if dialled.startswith("+") else phonenumbers.SUPPORTED_REGIONS:
        try:
            found.add(phonenumbers.format_number(_parsed(dialled, country), PhoneNumberFormat.E164))
        except InvalidPhoneNumber:
            continue
    return tuple(sorted(found))


def region_of(e164: str) -> str | None:
    """Return the country of a number (ISO 3166 alpha-2); None when the digits do not determine it.

    Raises:
        InvalidPhoneNumber: ``e164`` is not E.164.
    """
    region: str | None = phonenumbers.region_code_for_number(_parse_e164(e164))
    return None if region == _NO_COUNTRY else region


def has_complete_length(e164: str) -> bool:
    """True for a number that is as long as numbers of its country are; calls to it may still be refused.

    Raises: InvalidPhoneNumber, when it is not E.164.
    """
    return has_length(_parse_e164(e164))


def format_national(e164: str) -> str:
    """Return the number as its own country writes it: ``+14155550100`` → ``(415) 555-0100``.

    Raises:
        InvalidPhoneNumber: ``e164`` is not E.164.
    """
    return phonenumbers.format_number(_parse_e164(e164), PhoneNumberFormat.NATIONAL)


def format_international(e164: str) -> str:
    """Return the number as other countries write it: ``+14155550100`` → ``+1 415-555-0100``.

    Raises:
        InvalidPhoneNumber: ``e164`` is not E.164.
    """
    return phonenumbers.format_number(_parse_e164(e164), PhoneNumberFormat.INTERNATIONAL)


@lru_cache(maxsize=4096)
def readable(e164: str | None) -> str:
    """The number in international format; any other text is returned unchanged."""
    try:
        return format_international(e164 or "")
    except InvalidPhoneNumber:
        return e164 or ""


def _cleaned(text: str) -> str:
    if len(text) > _MAX_UNCLEAN_CHARACTERS:
        raise InvalidPhoneNumber
    dialled = clean_number_text(text)
    if dialled[: len(_SCHEME)].lower() == _SCHEME:
        dialled = dialled[len(_SCHEME) :]
    if len(dialled) > _MAX_CHARACTERS or not _DIALLABLE.fullmatch(dialled):
        raise InvalidPhoneNumber
    return dialled


def _parsed(number: str, country: str | None = None) -> PhoneNumber:
    try:
        return phonenumbers.parse(number, country)
    except NumberParseException as error:
        raise InvalidPhoneNumber from error


def mask_phone_numbers(text: str) -> str:
    """``text`` with the phone numbers masked that begin with a plus sign. Other digits stay: they may be no number."""
    return _NUMBER_IN_TEXT.sub(lambda match: masked(_NOT_A_DIGIT.sub("", match[0])), text)


def masked(number: str) -> str:
    """The last digits of ``number``, for places where the whole number must not be stored or shown."""
    return f"…{number[-_SHOWN_DIGITS:]}"


def _parse_e164(e164: str) -> PhoneNumber:
    if not _E164.fullmatch(e164):
        raise InvalidPhoneNumber
    return _parsed(e164)


def _ensure_callable(number: PhoneNumber, country: str) -> None:
    if not has_length(number):
        raise InvalidPhoneNumber
    kind = number_range(number, country).kind
    if kind is not NumberKind.ORDINARY:
        raise NotOrdinaryNumber(kind)


def _international_prefix(metadata: PhoneMetadata) -> str:
    preferred = (metadata.preferred_international_prefix or "").replace(
        "~", ""
    )  # "8~10": wait for a tone between the parts
    pattern = metadata.international_prefix or ""
    if preferred or pattern.isdigit():
        return preferred or pattern
    # Other countries have one prefix for each carrier; use 00 where it is one of them.
    return _ITU_INTERNATIONAL_PREFIX if re.fullmatch(pattern, _ITU_INTERNATIONAL_PREFIX) else ""


@lru_cache(maxsize=1)
def _emergency_numbers() -> re.Pattern[str]:
    """One pattern of the emergency numbers of all countries; built at first use (0.2 s)."""
    patterns = set()
    for region in phonenumbers.SUPPORTED_SHORT_REGIONS:
        metadata = PhoneMetadata.short_metadata_for_region(region)
        if metadata and metadata.emergency and metadata.emergency.national_number_pattern:
            patterns.add(metadata.emergency.national_number_pattern)
    return re.compile("|".join(sorted(patterns)))
