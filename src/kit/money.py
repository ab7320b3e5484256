"""Formats and parses amounts of US dollars, which are stored as whole cents. Pure."""

import re
from decimal import Decimal

CURRENCY = "USD"
AMOUNT_ADVICE = "Enter an amount in US dollars, like 25.00"
"""Error text of a form field whose amount could not be parsed."""
_MAX_CHARACTERS = 20
_AMOUNT = re.compile(r"\$? ?([0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(\.[0-9]{1,2})?(?: ?USD)?", re.ASCII | re.IGNORECASE)


def format_cents(cents: int) -> str:
    """An amount for people: ``$1,250.00``."""
    return f"{'-' if cents < 0 else ''}${abs(cents) // 100:,}.{abs(cents) % 100:02}"


def cents_for_field(cents: int) -> str:
    """An amount as the value of a form field: ``1250.00``."""
    return f"{cents // 100}.{cents % 100:02}"


def parse_cents(text: str) -> int:
    """Whole cents of an amount of dollars: ``25``, ``25.5``, ``$1,250.00`` or ``25.00 USD``. Raises: ValueError.

    A comma groups thousands, so ``25,00`` is refused: it could mean either.
    """
    text = text.strip()
    match = _AMOUNT.fullmatch(text) if len(text) <= _MAX_CHARACTERS else None
    if match is None:
        raise ValueError("not an amount of dollars")
    return int(Decimal(match[1].replace(",", "") + (match[2] or "")) * 100)
