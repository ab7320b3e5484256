"""Classification of phone numbers by range: ordinary or pay-per-call in every country, unassigned US area codes."""

import datetime as dt

import phonenumbers
import pytest
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneNumberType
from phonenumbers.carrierdata import CARRIER_DATA
from phonenumbers.geodata import GEOCODE_DATA

from kit.e164 import NotOrdinaryNumber, parse_dialled
from kit.numbering import NumberKind, NumberRange, number_range, numbering_table

COUNTRIES = sorted(phonenumbers.SUPPORTED_REGIONS)
ORDINARY = (
    PhoneNumberType.FIXED_LINE,
    PhoneNumberType.MOBILE,
    PhoneNumberType.FIXED_LINE_OR_MOBILE,
    PhoneNumberType.TOLL_FREE,
    PhoneNumberType.VOIP,
)
PAID = (PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST)


def range_of(e164: str, home: str) -> NumberRange:
    return number_range(phonenumbers.parse(e164), home)


@pytest.mark.parametrize("country", COUNTRIES)
def test_each_example_of_an_ordinary_type_is_ordinary_and_each_paid_one_is_not(country: str) -> None:
    for expected, kinds in ((NumberKind.ORDINARY, ORDINARY), (NumberKind.PAY_PER_CALL, PAID)):
        for kind in kinds:
            example = phonenumbers.example_number_for_type(country, kind)
            # Some examples have another type themselves: what is fixed or paid differs within a calling code.
            if example is not None and phonenumbers.number_type(example) == kind:
                assert number_range(example, country).kind is expected, (country, kind, example)


@pytest.mark.parametrize(
    ("e164", "home"),
    [
        ("+12129761234", "US"),
        ("+14169761234", "CA"),
        ("+12129761234", "GB"),
        ("+19005551234", "US"),
        ("+12125551212", "US"),
        ("+10102881415", "US"),
        ("+4911833", "DE"),
        ("+49118331234567", "DE"),
        ("+4990012345678", "DE"),
        ("+491371234567", "DE"),
        ("+4918012345678", "DE"),
        ("+4918012345678", "US"),
        ("+39895123456", "IT"),
        ("+39892123", "IT"),
        ("+391991234567", "IT"),
        ("+391781234567", "IT"),
        ("+449098790000", "GB"),
        ("+448712345678", "GB"),
        ("+448443331111", "GB"),
        ("+447012345678", "GB"),
        ("+33899123456", "FR"),
        ("+33826123456", "FR"),
        ("+34803123456", "ES"),
        ("+34902123456", "ES"),
        ("+61190123456", "AU"),
        ("+819901234567", "JP"),
        ("+43930123456", "AT"),
        ("+41900123456", "CH"),
        ("+3531550123456", "IE"),
    ],
)
def test_numbers_by_which_the_called_party_earns(e164: str, home: str) -> None:
    assert range_of(e164, home).kind is NumberKind.PAY_PER_CALL
    with pytest.raises(NotOrdinaryNumber):
        parse_dialled(e164, home)


@pytest.mark.parametrize(
    ("e164", "home"),
    [
        ("+18009761234", "US"),  # free
        ("+18005551212", "US"),
        ("+18769761234", "JM"),  # an ordinary exchange there
        ("+15551234567", "US"),
        ("+15551234567", "CA"),
        ("+35315501234", "IE"),  # Dublin
        ("+390612345678", "IT"),
        ("+498912345678", "DE"),  # Munich
        ("+442079460958", "GB"),
        ("+441184960123", "GB"),  # Reading has the area code 0118
        ("+46118123456", "SE"),  # Norrköping, 011
        ("+4315123456", "AT"),
        ("+33184801234", "FR"),
    ],
)
def test_numbers_that_only_look_like_those(e164: str, home: str) -> None:
    assert range_of(e164, home).kind is NumberKind.ORDINARY
    assert parse_dialled(e164, home) == e164


def test_no_area_code_or_mobile_prefix_is_in_a_pay_per_call_range() -> None:
    countries = {country for entry in numbering_table().pay_per_call for country in entry.countries}
    homes = {phonenumbers.country_code_for_region(country): country for country in sorted(countries)}
    tested = 0
    for prefix in {prefix[:6] for prefix in (*GEOCODE_DATA, *CARRIER_DATA)}:
        code = next(int(prefix[:end]) for end in (1, 2, 3) if int(prefix[:end]) in COUNTRY_CODE_TO_REGION_CODE)
        # The exchange 976 of +1 is in every area code; those are tested below.
        if code not in homes or code == 1:
            continue
        for length in (11, 12, 13):  # of the whole number, with its plus sign
            number = phonenumbers.parse(f"+{prefix}23456789"[: max(length, len(prefix) + 1)])
            if phonenumbers.number_type(number) in ORDINARY:
                assert number_range(number, homes[code]).kind is NumberKind.ORDINARY, prefix
                tested += 1
    assert tested > 5_000


def test_only_area_codes_of_the_numbering_plan_can_be_dialled_from_the_us() -> None:
    plan = {
        code
        for code in range(1000)
        if phonenumbers.number_type(phonenumbers.parse(f"+1{code:03}2345678")) != PhoneNumberType.UNKNOWN
    }
    dialled = {code for code in range(1000) if range_of(f"+1{code:03}2345678", "US").kind is NumberKind.ORDINARY}
    assert dialled - plan == {555}
    assert not dialled & {0, 211, 411, 700, 900, 911, 976}
    assert {212, 415, 907} <= dialled


@pytest.mark.parametrize(
    "e164", ["+10005551234", "+19115550123", "+12120551234", "+18760551234", "+17005551234", "+15321234567"]
)
def test_a_number_of_no_plan_is_refused_at_home(e164: str) -> None:
    assert range_of(e164, "US").kind is NumberKind.UNASSIGNED
    with pytest.raises(NotOrdinaryNumber):
        parse_dialled(e164, "US")


def test_the_table_is_dated_and_each_row_names_its_source() -> None:
    table = numbering_table()
    assert dt.date(2026, 11, 28) <= table.reviewed
    for entry in (*table.pay_per_call, *table.assigned):
        assert entry.source, entry
        assert entry.description, entry
        assert set(entry.countries) <= set(COUNTRIES)
