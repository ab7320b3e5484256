"""Finds a phone number in metadata and other text, in any format and at any depth of JSON. Pure."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any
from urllib.parse import unquote

import phonenumbers
from phonenumbers import Leniency, PhoneNumberFormat, PhoneNumberMatcher

from kit.e164 import dialing_of, masked

_TAIL_DIGITS = 7
"""So many last digits distinguish nearly all numbers, and every format contains them."""
_MIN_HOME_DIGITS, _MIN_FOREIGN_DIGITS = 6, 8
"""A national number with fewer digits is matched only with its country code, because it may be a count or an id."""
_MAX_PREFIX_CHARACTERS = 40
"""So many characters before the national digits are searched for a prefix."""
_INTERNATIONAL_PREFIXES = ("00", "011")
# Between the digits of one number: at most six characters, none of them a letter.
_SEPARATORS = r"[\W_]{0,6}"
_LEADING_DIGITS = re.compile(r"(\+?)((?:\d[\W_]{0,6})*)\Z")
_NUMBER = re.compile(r"\+?\(?\d(?:[\W_]{0,3}\d){5,}")
_NOT_A_DIGIT = re.compile(r"[^0-9]+")
_TOKENS = re.compile(r"\d+")


class NumberMatcher:
    """Matches texts that contain ``number`` (E.164), for an organization in ``country``.

    Ambiguous digits are read as dialled in that country. Digits that cannot be dialled there match too, because a text
    without a match is not erased.
    """

    def __init__(self, number: str, country: str) -> None:
        self._number, self._country = number, country
        parsed = phonenumbers.parse(number)
        national = phonenumbers.national_significant_number(parsed)
        code = str(parsed.country_code)
        region = phonenumbers.region_code_for_number(parsed) or phonenumbers.region_code_for_country_code(int(code))
        trunk = dialing_of(region).trunk_prefix if region in phonenumbers.SUPPORTED_REGIONS else ""
        home = dialing_of(country)
        self._is_home_number = home.calling_code == code
        self._code_prefixes = {code, code + trunk, f"{code}0"}
        dialed = {*_INTERNATIONAL_PREFIXES, home.international_prefix} - {""}
        self._international_prefixes = self._code_prefixes | {
            prefix + code_prefix for prefix in dialed for code_prefix in self._code_prefixes
        }
        self._national_prefixes = {"", trunk, "0"}
        self._digits = re.compile(_SEPARATORS.join(national) + r"(?!\d)")
        self._is_short = len(national) < (_MIN_HOME_DIGITS if self._is_home_number else _MIN_FOREIGN_DIGITS)
        self._tail = tail = national[-_TAIL_DIGITS:]
        # The first alternative is a percent-encoded separator, which may contain digits.
        self.sql_pattern = "(%[0-9A-Fa-f]{2}|[^0-9])*".join(tail) + f"|[{_decimal_digits()}]"
        """A PostgreSQL regular expression that matches every text that may contain the number, and few others."""
        self._cache: dict[str, bool] = {}

    def matches_value(self, value: Any) -> bool:
        """True when a JSON value contains the number: in a text, a key or a JSON number, or split over texts."""
        keys, texts = _keys_and_texts(value)
        return any(map(self.matches_text, (*keys, *texts))) or (len(texts) > 1 and self._is_written_in(" ".join(texts)))

    def matches_text(self, text: str | None) -> bool:
        """True when ``text`` contains the number."""
        if not text:
            return False
        if text not in self._cache:
            if len(self._cache) > 10_000:
                self._cache.clear()
            self._cache[text] = self._is_in(text)
        return self._cache[text]

    def mask_in(self, text: str) -> str:
        """``text`` with the number masked to its last digits."""
        return _NUMBER.sub(lambda match: masked(self._number) if self.matches_text(match[0]) else match[0], text)

    def _is_in(self, text: str) -> bool:
        # The full match is slow, and most texts do not contain the last digits.
        candidates = {
            plain
            for plain in (_normalize(text), _normalize(unquote(text)))
            if self._tail in _NOT_A_DIGIT.sub("", plain)
        }
        return any(self._is_written_in(plain) or self._is_matched_in(plain) for plain in candidates)

    def _is_written_in(self, text: str) -> bool:
        return any(self._has_prefix(text[: match.start()], match[0]) for match in self._digits.finditer(text))

    def _has_prefix(self, before: str, digits: str) -> bool:
        """True when the text before the national digits ends with a prefix of this number, not with other digits."""
        found = _LEADING_DIGITS.search(before[-_MAX_PREFIX_CHARACTERS:])
        plus, leading = ("", "") if found is None else found.groups()
        tokens = _TOKENS.findall(leading)
        joined = "".join(tokens)
        if plus:
            return joined in self._code_prefixes
        if joined in self._international_prefixes:
            return True
        if joined not in self._national_prefixes and self._is_other_number(joined + digits):
            return False
        ends_with_digit = leading[-1:].isdigit()
        for first in range(len(tokens) + 1):
            prefix = "".join(tokens[first:])
            if not prefix and ends_with_digit:
                continue
            is_national = prefix in self._national_prefixes
            if prefix in self._international_prefixes or (is_national and self._reaches_number(prefix + digits)):
                return True
        return False

    def _reaches_number(self, national: str) -> bool:
        """True when the digits, dialled in the organization's country, can be this number."""
        return not self._is_short and (self._is_home_number or not self._is_other_number(national))

    def _is_other_number(self, digits: str) -> bool:
        """True when the digits, dialled in the organization's country, are another valid number."""
        try:
            parsed = phonenumbers.parse(digits, self._country)
        except phonenumbers.NumberParseException:
            return False
        return phonenumbers.is_valid_number(parsed) and self._e164(parsed) != self._number

    def _is_matched_in(self, text: str) -> bool:
        """True when the number is in the text in a national format with other digits, such as a mobile prefix."""
        matches = PhoneNumberMatcher(text, None if self._is_short else self._country, leniency=Leniency.POSSIBLE)
        return any(self._e164(match.number) == self._number for match in matches)

    @staticmethod
    def _e164(number: phonenumbers.PhoneNumber) -> str:
        return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def _keys_and_texts(value: Any) -> tuple[Sequence[str], Sequence[str]]:
    """The keys of a JSON value, and its texts and numbers as text, in order."""
    keys: list[str] = []
    return keys, list(_texts(value, keys))


def _texts(value: Any, keys: list[str]) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            keys.append(key)
            yield from _texts(inner, keys)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner, keys)
    elif isinstance(value, float):
        yield str(int(value)) if value.is_integer() else repr(value)
    elif isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
        yield str(value)


def _normalize(text: str) -> str:
    """``text`` in NFKC, with the digits of all scripts as ``0`` to ``9``."""
    return "".join(
        mark if mark.isascii() else str(unicodedata.decimal(mark, mark)) for mark in unicodedata.normalize("NFKC", text)
    )


@cache
def _decimal_digits() -> str:
    """Digits of other scripts as ranges of a regular expression: the ten of each script are contiguous."""
    zeros = (zero for zero in range(0x80, 0x110000) if unicodedata.decimal(chr(zero), None) == 0)
    return "".join(f"{chr(zero)}-{chr(zero + 9)}" for zero in zeros)
