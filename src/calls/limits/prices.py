"""Loads the price list: the estimated price of a minute by country."""

import math
import tomllib
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path

import msgspec

from kit.settings import SettingsError

PRICE_LIST_FILE = "prices.toml"
MICROS_PER_CENT = 10_000
_MICROS_PER_DOLLAR = 1_000_000
_MAX_DOLLARS_PER_MINUTE = 1000


class PriceList(msgspec.Struct, frozen=True):
    """Prices of a minute in millionths of a US dollar."""

    default: int
    by_country: Mapping[str, int]

    def minute_price(self, country: str) -> int:
        """The highest price of a minute to ``country``."""
        return self.by_country.get(country, self.default)


def load_price_list(data_dir: Path) -> PriceList:
    """The operator's price list, or else the product's. Raises: SettingsError, naming what is wrong with it."""
    path = data_dir / PRICE_LIST_FILE
    if not path.exists():
        path = Path(__file__).with_name(PRICE_LIST_FILE)
    try:
        read = tomllib.loads(path.read_text(), parse_float=Decimal)
        return PriceList(
            _micros(read["default"]), {code: _micros(price) for code, price in read.get("countries", {}).items()}
        )
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise SettingsError(f"{path} is no price list: {error or type(error).__name__}") from error


def _micros(price: Decimal | int) -> int:
    try:
        dollars = Decimal(price)
    except InvalidOperation as error:
        raise ValueError(f"{price!r} is no price") from error
    if not 0 < dollars <= _MAX_DOLLARS_PER_MINUTE:
        raise ValueError(f"{price} is no price of a minute in US dollars")
    return math.ceil(dollars * _MICROS_PER_DOLLAR)
