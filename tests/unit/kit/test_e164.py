"""Normalization of dialled numbers to E.164 or one of two refusals, and the formats in which numbers are shown."""

import json
import re
from contextlib import suppress
from pathlib import Path

import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberType

from kit.e164 import (
    CountryDialing,
    EmergencyNumber,
    InvalidPhoneNumber,
    dialing_of,
    format_international,
    format_national,
    parse_dialled,
    readable,
    region_of,
)

COUNTRIES = sorted(phonenumbers.SUPPORTED_REGIONS)
SHOWN_BY_THE_WIDGET = Path(__file__).resolve().parents[3] / "frontend" / "tests" / "support" / "formatted-numbers.json"
KINDS = {
    PhoneNumberType.FIXED_LINE: True,
    PhoneNumberType.MOBILE: True,
    PhoneNumberType.PREMIUM_RATE: False,
    PhoneNumberType.SHARED_COST: False,
    PhoneNumberType.PERSONAL_NUMBER: False,
    PhoneNumberType.PAGER: False,
    PhoneNumberType.UAN: False,
    PhoneNumberType.VOICEMAIL: False,
}


@pytest.mark.parametrize(
    ("country", "calling_code", "trunk_prefix", "international_prefix"),
    [
        ("US", "1", "1", "011"),
        ("GB", "44", "0", "00"),
        ("IT", "39", "", "00"),
        ("HU", "36", "06", "00"),
        ("RU", "7", "8", "810"),
        ("AU", "61", "0", "0011"),
        ("MX", "52", "", "00"),
        ("IL", "972", "0", "00"),
        ("BR", "55", "0", ""),
        ("SG", "65", "", ""),
    ],
)
def test_each_country_dials_in_its_own_way(
    country: str, calling_code: str, trunk_prefix: str, international_prefix: str
) -> None:
    assert dialing_of(country) == CountryDialing(country, calling_code, trunk_prefix, international_prefix)


@pytest.mark.parametrize("country", COUNTRIES)
def test_every_prefix_is_digits_that_a_page_can_compare_with(country: str) -> None:
    dialing = dialing_of(country)
    assert re.fullmatch(r"[1-9][0-9]{0,2}", dialing.calling_code)
    assert re.fullmatch(r"[0-9]{0,5}", dialing.trunk_prefix)
    assert re.fullmatch(r"[0-9]{0,5}", dialing.international_prefix)


@pytest.mark.parametrize("country", ["ZZ", "us", "", "001"])
def test_an_unknown_country_is_an_error(country: str) -> None:
    with pytest.raises(ValueError, match="numbering plan"):
        dialing_of(country)


@pytest.mark.parametrize(
    ("text", "country", "e164"),
    [
        ("+15551234567", "US", "+15551234567"),
        ("(555) 123-4567", "US", "+15551234567"),
        ("+15551234567", "CA", "+15551234567"),
        ("1 (415) 555-0100", "US", "+14155550100"),
        ("415.555.0100", "US", "+14155550100"),
        ("415/555-0100", "US", "+14155550100"),
        ("(+1) 415 555 0100", "US", "+14155550100"),
        ("+1\u00a0415\u00a0555\u00a00100", "US", "+14155550100"),
        ("＋１４１５５５５０１００", "US", "+14155550100"),
        ("+1٤١٥٥٥٥٠١٠٠", "US", "+14155550100"),
        ("۰۲۰ ۷۹۴۶ ۰۹۵۸", "GB", "+442079460958"),
        ("\u202a+1 415 555 0100\u202c", "US", "+14155550100"),
        ("\u2066+1\ufe0f 415\u2212555\u20110100\u2069", "US", "+14155550100"),
        ("\t+14155550100\n", "US", "+14155550100"),
        ("00 44 20 7946 0958", "US", "+442079460958"),
        ("011 1 415 555 0100", "GB", "+14155550100"),
        ("0044 (0)20 7946 0958", "GB", "+442079460958"),
        ("+44 020 7946 0958", "US", "+442079460958"),
        ("+49 (0)30 123456", "US", "+4930123456"),
        ("+34 (0)912 34 56 78", "US", "+34912345678"),
        ("+39 (0)6 6981 2345", "US", "+390669812345"),
        ("011 978 5313", "ZA", "+27119785313"),
        ("tel:+14155550100", "US", "+14155550100"),
        ("TEL:+1-415-555-0100", "US", "+14155550100"),
        ("1-800-356-9377", "US", "+18003569377"),
        ("07911 123456", "GB", "+447911123456"),
        ("+44 (0)7911 123456", "US", "+447911123456"),
        ("011 44 20 7946 0958", "US", "+442079460958"),
        ("00 1 415 555 0100", "GB", "+14155550100"),
        ("06 1234 5678", "IT", "+390612345678"),
        ("+91 12345 67890", "IN", "+911234567890"),
        ("+1 876 555 1234", "US", "+18765551234"),
        ("+1 242 322 1234", "US", "+12423221234"),
    ],
)
def test_numbers_that_can_be_called(text: str, country: str, e164: str) -> None:
    assert parse_dialled(text, country) == e164


@pytest.mark.parametrize(
    "text",
    [
        "",
        "+",
        "tel:",
        "()",
        "0",
        "1-800-FLOWERS",  # letters are not digits
        "+1415555267I",
        "+1 415 555 0100 ext. 12",
        "+14155550100x12",
        "+14155550100,,,123#",
        "tel:+14155550100;phone-context=example.com",
        "*67 415 555 0100",
        "#31#4155550100",
        "++14155550100",
        "+1+4155550100",
        "1+4155550100",
        "+1 (415) 555-0100" + "." * 16,  # longer than anyone writes a number
        "+14155550100" + " " * 100_000,
        "+1415555\n0100",  # two cells of a table
        "+1415555010²",  # a footnote's mark
        "+0123456789",
        "411",
        "988",
        "611",
        "12345",
        "123456",
        "+12345",
        "555-1234",  # no area code
        "415 555 01000",
        "+999 12345678",  # no such country
        "+1 900 234 5678",  # premium rate
        "+44 9098 790000",
        "+44 844 333 1111",  # shared cost
        "+44 70 1234 5678",  # personal
        "+44 76 1234 5678",  # pager
        "+44 55 1234 5678",  # UAN
        "+56 600 123 4567",
        "+800 1234 5678",  # belongs to no country
        "+808 1234 5678",
        "+870 773 111 632",
        "+878 10 1234 567890",
        "+881 6 1234 5678",
        "+882 16 1234 5678",
        "+883 510 0012 3456",
        "+888 1234 5678901",
        "+979 1 2345 6789",
        "+44 500 123 4567",  # abroad, and of no known type
        "+1 242 555 1234",  # the same calling code is not the same country
    ],
)
def test_what_is_not_a_number_to_call(text: str) -> None:
    with pytest.raises(InvalidPhoneNumber) as refused:
        parse_dialled(text, "US")
    assert (refused.value.code, refused.value.message) == ("invalid_phone_number", "Invalid phone number")


@pytest.mark.parametrize(
    "text", ["911", "9-1-1", "tel:911", "+911", " (911) ", "９１１", "112", "999", "000", "110", "118"]
)
@pytest.mark.parametrize("country", ["US", "GB", "DE", "AU"])
def test_emergency_numbers_of_any_country_are_refused_in_all(text: str, country: str) -> None:
    with pytest.raises(EmergencyNumber) as refused:
        parse_dialled(text, country)
    assert (refused.value.code, refused.value.message) == ("emergency_number", "Emergency numbers cannot be called")


def test_the_longest_text_with_and_without_its_scheme() -> None:
    text = "+1 (415) 555-0100".ljust(32)
    assert parse_dialled(text, "US") == parse_dialled(f"tel:{text}", "US") == "+14155550100"


def test_where_numbers_are_as_short_as_service_codes_they_are_dialled_in_full() -> None:
    assert parse_dialled("+298 201234", "FO") == "+298201234"
    with pytest.raises(InvalidPhoneNumber):
        parse_dialled("201234", "FO")


def test_the_guides_fictional_area_code_passes_at_home_only() -> None:
    assert parse_dialled("+15551234567", "US") == "+15551234567"
    with pytest.raises(InvalidPhoneNumber):
        parse_dialled("+15551234567", "GB")


@pytest.mark.parametrize(
    ("e164", "region", "national", "international"),
    [
        ("+14155550100", "US", "(415) 555-0100", "+1 415-555-0100"),
        ("+442079460958", "GB", "020 7946 0958", "+44 20 7946 0958"),
        ("+18765551234", "JM", "(876) 555-1234", "+1 876-555-1234"),
        ("+15551234567", None, "(555) 123-4567", "+1 555-123-4567"),
        ("+80012345678", None, "1234 5678", "+800 1234 5678"),
    ],
)
def test_stored_numbers_are_shown_as_people_write_them(
    e164: str, region: str | None, national: str, international: str
) -> None:
    assert region_of(e164) == region
    assert format_national(e164) == national
    assert format_international(e164) == international


@pytest.mark.parametrize("text", ["", "4155550100", "+1 415 555 0100", "+14155550100x1", "+0123456789", "+9991234567"])
def test_only_stored_numbers_can_be_shown(text: str) -> None:
    for reader in (region_of, format_national, format_international):
        with pytest.raises(InvalidPhoneNumber):
            reader(text)


@given(
    st.text() | st.text(alphabet="0123456789+ ()-./", max_size=24) | st.from_regex(r"\+?[0-9]{3,16}", fullmatch=True),
    st.sampled_from(COUNTRIES),
)
@example("1", "US")
@example("+39 0", "VA")
@example("0" * 32, "IT")
def test_any_text_is_a_number_or_one_of_two_refusals(text: str, country: str) -> None:
    with suppress(InvalidPhoneNumber, EmergencyNumber):
        e164 = parse_dialled(text, country)
        assert re.fullmatch(r"\+[1-9][0-9]{6,14}", e164)
        assert parse_dialled(e164, country) == e164


@pytest.mark.parametrize("country", COUNTRIES)
def test_each_country_can_be_called_but_not_what_costs_more(country: str) -> None:
    for kind, callable_ in KINDS.items():
        number = phonenumbers.example_number_for_type(country, kind)
        if number is None:
            continue
        e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        if callable_:
            assert parse_dialled(e164, "US") == e164
            assert parse_dialled(format_international(e164), country) == e164
        else:
            with pytest.raises(InvalidPhoneNumber):
                parse_dialled(e164, country)


def test_pages_and_mails_show_numbers_as_the_widget_does() -> None:
    shown: dict[str, str] = json.loads(SHOWN_BY_THE_WIDGET.read_text())
    assert {number: readable(number) for number in shown} == shown
