"""Loads estimated prices per minute: outgoing calls by number prefix or country; incoming, recording, transcription."""

import math
import tomllib
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path

import msgspec

from calls.limits.destinations import Destination
from kit.environment import SettingsError
from kit.http.app_key import AppKey

PRICE_LIST_FILE = "prices.toml"
MICROS_PER_CENT = 10_000
_MICROS_PER_DOLLAR = 1_000_000
_MAX_DOLLARS_PER_MINUTE = 1000


class PriceList(msgspec.Struct, frozen=True):
    """Prices per minute in millionths of a US dollar."""

    default: int
    by_country: Mapping[str, int]
    by_prefix: Mapping[str, int] = {}
    """By the first digits of the E.164 number, calling code included, without the plus sign."""
    incoming: int = 30_000
    """Price of a call to one of our numbers, in any country."""
    recording: int = 5_000
    """Price of recording a message."""
    transcription: int = 50_000
    """Price of transcribing a voicemail."""

    def minute_price(self, destination: Destination) -> int:
        """The price per minute: that of the longest matching prefix, else of the country, else the default."""
        digits = destination.number.removeprefix("+")
        for length in range(len(digits) if self.by_prefix else 0, 0, -1):
            price = self.by_prefix.get(digits[:length])
            if price is not None:
                return price
        return self.by_country.get(destination.country, self.default)


PRICE_LIST: AppKey[PriceList] = AppKey("price_list")


def load_price_list(data_dir: Path) -> PriceList:
    """The operator's price list in the data directory, else the product's. Raises: SettingsError with the fault."""
    path = data_dir / PRICE_LIST_FILE
    if not path.exists():
        path = Path(__file__).with_name(PRICE_LIST_FILE)
    try:
        read = tomllib.loads(path.read_text(), parse_float=Decimal)
        return PriceList(
            _micros(read["default"]),
            {code: _micros(price) for code, price in read.get("countries", {}).items()},
            {_prefix(digits): _micros(price) for digits, price in read.get("prefixes", {}).items()},
            **{name: _micros(read[name]) for name in ("incoming", "recording", "transcription") if name in read},
        )
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise SettingsError(f"{path} is no price list: {error or type(error).__name__}") from error


def _prefix(digits: str) -> str:
    if not (digits.isascii() and digits.isdecimal()):
        raise ValueError(f"{digits!r} is no prefix: digits with the calling code, without a plus sign")
    return digits


def _micros(price: Decimal | int) -> int:
    try:
        dollars = Decimal(price)
    except InvalidOperation as error:
        raise ValueError(f"{price!r} is no price") from error
    if not 0 < dollars <= _MAX_DOLLARS_PER_MINUTE:
        raise ValueError(f"{price} is no price of a minute in US dollars")
    return math.ceil(dollars * _MICROS_PER_DOLLAR)
