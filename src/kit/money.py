"""Parses and formats amounts of money: prices of any currency, and US dollars stored as whole cents. Pure."""

import re
from decimal import Decimal

import msgspec
from babel.numbers import format_currency

CURRENCY = "USD"
AMOUNT_ADVICE = "Enter an amount in US dollars, like 25.00"
"""Error text of a form field whose amount could not be parsed."""
_MAX_CHARACTERS = 20
_AMOUNT = re.compile(r"\$? ?([0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(\.[0-9]{1,2})?(?: ?USD)?", re.ASCII | re.IGNORECASE)
_MICROS = 1_000_000


class Money(msgspec.Struct, frozen=True):
    """An amount of a currency."""

    micros: int
    """Millionths of the currency."""
    currency: str = CURRENCY
    """ISO 4217, three letters."""

    @classmethod
    def parse(cls, amount: str, currency: str) -> "Money":
        """The amount written as a decimal number. Raises: decimal.InvalidOperation."""
        return cls(round(Decimal(amount) * _MICROS), currency)

    @property
    def amount(self) -> Decimal:
        """The amount in units of the currency."""
        return Decimal(self.micros) / _MICROS

    def __str__(self) -> str:
        """The amount for people: ``$29``, ``$1.15``, ``€79.50``."""
        pattern = "¤#,##0" if self.micros % _MICROS == 0 else None
        return str(
            format_currency(self.amount, self.currency, pattern, locale="en_US", currency_digits=pattern is None)
        )


def format_cents(cents: int) -> str:
    """An amount for people: ``$1,250.00``."""
    return f"{'-' if cents < 0 else ''}${abs(cents) // 100:,}.{abs(cents) % 100:02}"


def cents_for_field(cents: int) -> str:
    """An amount as the value of a form field: ``1250.00``."""
    return f"{cents // 100}.{cents % 100:02}"


def parse_cents(text: str) -> int:
    """Whole cents of an amount of dollars: ``25``, ``25.5``, ``$1,250.00`` or ``25.00 USD``. Raises: ValueError.

    A comma groups thousands, so ``25,00`` is refused: it could mean 25 or 2,500.
    """
    text = text.strip()
    match = _AMOUNT.fullmatch(text) if len(text) <= _MAX_CHARACTERS else None
    if match is None:
        raise ValueError("not an amount of dollars")
    return int(Decimal(match[1].replace(",", "") + (match[2] or "")) * 100)
