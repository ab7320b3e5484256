"""The search for stored numbers by text that people type: national formats, trunk zeros, separators, parts."""

import pytest

from kit.number_patterns import number_patterns, number_prefixes

LONDON = "+442079460958"


def is_found(number: str, text: str, country: str) -> bool:
    return any(pattern in number for pattern in number_patterns(text, country))


@pytest.mark.parametrize("country", ["GB", "US", "DE"])
@pytest.mark.parametrize(
    "text",
    [
        "020 7946 0958",
        "(020) 7946-0958",
        "+44 20 7946 0958",
        "+44 (0)20 7946 0958",
        "0044 20 7946 0958",
        "79460958",
        "7946 0958",
        "0958",
        "7946-09",
        "\uff12\uff10\uff17\uff19\uff14\uff16",  # full-width digits
        "+4420",
    ],
)
def test_a_number_is_found_as_people_write_it_and_by_its_parts(country: str, text: str) -> None:
    assert is_found(LONDON, text, country)


@pytest.mark.parametrize(
    ("number", "text", "country"),
    [
        ("+14155550100", "(415) 555-0100", "US"),
        ("+14155550100", "1 415 555", "US"),
        (LONDON, "011 44 20 7946 0958", "US"),
        ("+74951234567", "8 (495) 123-45-67", "RU"),
        ("+3612345678", "06 1 234 5678", "HU"),
        ("+390612345678", "06 1234 5678", "IT"),
        ("+442079460958", "0207", "GB"),
    ],
)
def test_a_countrys_own_prefixes_are_read(number: str, text: str, country: str) -> None:
    assert is_found(number, text, country)


@pytest.mark.parametrize(
    ("text", "country"), [("0207", "US"), ("+20 7946", "GB"), ("020 7946 0959", "GB"), ("08 7946", "GB")]
)
def test_other_numbers_are_not_found(text: str, country: str) -> None:
    assert not is_found(LONDON, text, country)


def test_a_text_without_digits_finds_nothing() -> None:
    assert number_patterns("+ ()", "GB") == ()
    assert number_prefixes("abc") == ()


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (LONDON, "020 7946 0958"),
        (LONDON, "020 79"),
        (LONDON, "+44 (0)20 7946"),
        (LONDON, "442079460958"),
        (LONDON, "0044 20 7946 0958"),
        (LONDON, "011 44 20 7946 0958"),
        ("+14155550100", "(415) 555-0100"),
        ("+14155550100", "1 415 555"),
        ("+34612345678", "612 345 678"),
        ("+74951234567", "8 495 123-45-67"),
    ],
)
def test_staff_find_a_number_by_its_beginning_whatever_its_country(number: str, text: str) -> None:
    prefixes = number_prefixes(text)
    assert any(number.startswith(prefix) for prefix in prefixes)
    assert len(prefixes) < 250
