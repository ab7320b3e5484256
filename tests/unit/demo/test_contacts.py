"""The contacts on the demo page: their numbers can be dialled, and are reserved for fiction."""

import re

import phonenumbers
import pytest

from demo.contacts import CONTACTS, SANDBOX_NUMBERS, Contact

# Ranges their regulators keep for fiction (NANP 555-01xx, Ofcom, ARCEP, BNetzA, ACMA).
FICTIONAL = re.compile(
    r"\+1[2-9]\d{2}55501\d{2}|\+442079460\d{3}|\+441614960\d{3}|\+3319900\d{4}|\+493023125\d{3}|\+6125550\d{4}"
)


@pytest.mark.parametrize(
    "typed", [*(person.phone for person in CONTACTS), *(number.phone for number in SANDBOX_NUMBERS)]
)
def test_every_number_is_readable_from_the_united_states_and_reserved_for_fiction(typed: str) -> None:
    number = phonenumbers.parse(typed, "US")
    assert phonenumbers.is_valid_number(number)
    assert FICTIONAL.fullmatch(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


@pytest.mark.parametrize("person", CONTACTS, ids=lambda person: person.name)
def test_the_country_shown_is_that_of_the_number(person: Contact) -> None:
    region = phonenumbers.region_code_for_number(phonenumbers.parse(person.phone, "US"))
    assert person.country == ("UK" if region == "GB" else region)
