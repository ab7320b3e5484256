"""The widget parses each number as the server does, in every country and in every usual written form."""

import sys
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache

import phonenumbers
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType

from kit.e164 import is_e164, region_of
from kit.number_reading import has_length, read_dialled
from kit.number_text import clean_number_text
from support.widget_numbers import Readings, read_numbers

pytestmark = pytest.mark.slow
COUNTRIES = sorted(phonenumbers.SUPPORTED_REGIONS)
KINDS = [kind for name, kind in vars(PhoneNumberType).items() if name.isupper() and kind != PhoneNumberType.UNKNOWN]
LONGEST_SHORT_CODE = 6
ORDINARY_KINDS = (PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE, PhoneNumberType.TOLL_FREE, PhoneNumberType.VOIP)
HOMES = ("US", "GB", "DE", "JP")
"""Countries from which numbers are called too: with different prefixes, and with several for calls abroad."""


def examples(country: str, kinds: Sequence[int] = KINDS) -> list[PhoneNumber]:
    found = (phonenumbers.example_number_for_type(country, kind) for kind in kinds)
    return list({e164(number): number for number in found if number is not None}.values())


def e164(number: PhoneNumber) -> str:
    return str(phonenumbers.format_number(number, PhoneNumberFormat.E164))


def international_forms(number: PhoneNumber) -> Iterator[str]:
    """The usual ways to write a number for callers in every country."""
    spaced = str(phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL))
    code, national = number.country_code, phonenumbers.national_significant_number(number)
    groups = spaced.split(" ", 1)[1]
    yield from (e164(number), spaced, phonenumbers.format_number(number, PhoneNumberFormat.RFC3966))
    yield from (spaced.replace(" ", mark).replace("-", mark) for mark in ".-/\u00a0\u2011")
    yield from (f"00{code}{national}", f"00 {code} {groups}", f"011 {code} {groups}", f"(+{code}) {groups}")
    yield from (f"+{code} (0){groups}", f"00{code} (0) {groups}", f"+{code} 0{groups}", f"0011 {code} {groups}")


def national_forms(number: PhoneNumber) -> Iterator[str]:
    """The usual ways to write a number for callers in its own country."""
    written = str(phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL))
    yield from (written, phonenumbers.national_significant_number(number))
    yield from (written.replace(" ", mark).replace("-", mark) for mark in ".-/")


def server_number(text: str, country: str) -> str | None:
    """The number that the server reads; None where it is too long or too short for its country."""
    plain = clean_number_text(text).removeprefix("tel:")
    number = read_dialled(plain, country)
    is_short_code = sum(map(str.isdigit, plain)) <= LONGEST_SHORT_CODE
    if number is None or is_short_code or not has_length(number) or not is_e164(e164(number)):
        return None
    return e164(number)


def cases_of(country: str) -> list[tuple[str, str]]:
    cases = []
    for turn, number in enumerate(examples(country)):
        # Each number is read in its own country and in two of HOMES, which change from number to number.
        homes = dict.fromkeys((country, *(HOMES + HOMES)[turn % len(HOMES) :][:2]))
        cases += [(text, home) for text in international_forms(number) for home in homes]
        cases += [(text, country) for text in national_forms(number)]
    return cases


def differences(cases: list[tuple[str, str]], readings: list[Readings]) -> Iterator[tuple[str, str, object, object]]:
    for (text, country), reading in zip(cases, readings, strict=True):
        here, there = server_number(text, country), reading.complete
        if here is None:
            # A person is asked, or the server refuses what is as long as a number can be.
            if there.number is not None and "+" not in text:
                yield text, country, here, there
        elif not there.candidates or there.candidates[0].number != here:
            yield text, country, here, there


@pytest.mark.reported_fault("told = dialled", threads="zod#5563, libphonenumber-js#185")
def test_the_widget_reads_each_countrys_examples_as_the_server_does() -> None:
    cases = [case for country in COUNTRIES for case in cases_of(country)]
    assert len(cases) > 50_000
    assert list(differences(cases, read_numbers(cases)))[:20] == []


def test_the_widget_asks_about_no_number_in_an_ordinary_form() -> None:
    """Numbers with their country code, and national numbers as libphonenumber formats them, are dialled at once."""
    cases = []
    for country in COUNTRIES:
        for number in filter(phonenumbers.is_valid_number, examples(country)):
            forms = [e164(number), phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)]
            national = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
            cases += [(str(text), home) for text in forms for home in {country, "US", "DE"}] + [(national, country)]
    asked = [
        (case, reading.complete)
        for case, reading in zip(cases, read_numbers(cases), strict=True)
        if server_number(*case) is not None and reading.complete.number is None
    ]
    assert asked[:20] == []


def test_the_widget_knows_the_country_of_each_number_that_the_server_knows() -> None:
    written = [e164(number) for country in COUNTRIES for number in examples(country) if has_length(number)]
    numbers = [number for number in written if is_e164(number) and server_number(number, "FR")]
    readings = read_numbers([(number, "FR") for number in numbers])
    found = [(reading.complete.number, reading.complete.candidates[0].country) for reading in readings]
    assert found == [(number, region_of(number)) for number in numbers]


def test_without_the_rules_of_all_countries_the_widget_reads_international_numbers_alike() -> None:
    """The few rules that phone.js has; for national numbers it relies on the number that the server tells."""
    cases, expected = [], []
    for country in COUNTRIES:
        for number in examples(country, ORDINARY_KINDS):
            code, national = number.country_code, phonenumbers.national_significant_number(number)
            spaced = str(phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL))
            texts = [e164(number), spaced, f"00{code}{national}"]
            # If national numbers can begin with 0, only the country's rules show that a 0 is superfluous.
            if code not in codes_of_numbers_with_zero():
                texts += [f"+{code} (0){national}", f"+{code} 0{national}"]
            given = [
                (text, home) for text in texts for home in ("US", "GB") if server_number(text, home) == e164(number)
            ]
            cases += given
            expected += [e164(number)] * len(given)
    assert len(cases) > 5_000
    found = zip(cases, expected, read_numbers(cases), strict=True)
    assert [(case, number) for case, number, reading in found if reading.basic.number != number][:20] == []


@lru_cache(maxsize=1)
def codes_of_numbers_with_zero() -> frozenset[int]:
    numbers = [number for country in COUNTRIES for number in examples(country, ORDINARY_KINDS)]
    return frozenset(
        number.country_code or 0
        for number in numbers
        if phonenumbers.national_significant_number(number).startswith("0")
    )


def test_every_digit_of_every_script_is_read() -> None:
    digits = [chr(code) for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) == "Nd"]
    found = [reading.cleaned for reading in read_numbers([(digit, "US") for digit in digits])]
    assert found == [str(unicodedata.decimal(digit)) for digit in digits] == [clean_number_text(one) for one in digits]


@settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.text(max_size=40), min_size=100, max_size=300))
def test_the_widget_and_the_server_clean_alike(texts: list[str]) -> None:
    assigned = ["".join(mark for mark in text if unicodedata.category(mark) not in ("Cn", "Cs")) for text in texts]
    cleaned = [reading.cleaned for reading in read_numbers([(text, "US") for text in assigned])]
    assert cleaned == [clean_number_text(text) for text in assigned]
