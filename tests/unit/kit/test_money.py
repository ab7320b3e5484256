"""Amounts of money are typed and shown in dollars, and stored in cents."""

import pytest

from kit.money import Money, cents_for_field, format_cents, parse_cents


@pytest.mark.parametrize(
    ("typed", "cents"),
    [
        ("25.00", 2500),
        ("25", 2500),
        (" 25.5 ", 2550),
        ("$0.07", 7),
        ("$ 1,250.00", 125_000),
        ("1,000,000", 100_000_000),
        ("25.00 USD", 2500),
        ("25usd", 2500),
        ("0", 0),
    ],
)
def test_an_amount_is_read_in_dollars(typed: str, cents: int) -> None:
    assert parse_cents(typed) == cents


@pytest.mark.parametrize(
    "typed",
    [
        "",
        ".",
        "$",
        "-1",
        "+1",
        "25,00",
        "1,25",
        "1,2500",
        "25.001",
        "25.",
        "1e3",
        "٣",
        "25 EUR",
        "€25",
        "NaN",
        "9" * 21,
    ],
)
def test_nonsense_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="not an amount"):
        parse_cents(typed)


@pytest.mark.parametrize(
    ("cents", "shown", "field"), [(0, "$0.00", "0.00"), (7, "$0.07", "0.07"), (125_000, "$1,250.00", "1250.00")]
)
def test_an_amount_is_shown_in_dollars_and_read_back(cents: int, shown: str, field: str) -> None:
    assert (format_cents(cents), cents_for_field(cents)) == (shown, field)
    assert parse_cents(shown) == parse_cents(field) == cents


def test_a_credit_is_shown_with_its_sign() -> None:
    assert format_cents(-150) == "-$1.50"


@pytest.mark.parametrize(
    ("amount", "currency", "written"),
    [("29", "USD", "$29"), ("1.15", "USD", "$1.15"), ("79.5", "EUR", "€79.50"), ("2900", "JPY", "¥2,900")],
)
def test_a_price_is_written_with_its_currency(amount: str, currency: str, written: str) -> None:
    assert str(Money.parse(amount, currency)) == written
