"""Time zones: names, the zone of a country, starts of days, times for people."""

import datetime as dt
from zoneinfo import ZoneInfo

import phonenumbers
import pytest

from kit.time_zones import country_zone, short_time, start_of_day, zone_choices, zone_label, zone_names, zone_of

NOW = dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("country", "zone"),
    [
        ("US", "America/New_York"),
        ("GB", "Europe/London"),
        ("DE", "Europe/Berlin"),
        ("AU", "Australia/Sydney"),
        ("BR", "America/Sao_Paulo"),
        ("XK", "Europe/Belgrade"),
        ("ZZ", "UTC"),
    ],
)
def test_a_country_has_the_zone_of_most_of_its_people(country: str, zone: str) -> None:
    assert country_zone(country) == zone


@pytest.mark.slow
def test_each_country_has_a_zone_that_can_be_chosen() -> None:
    offered: set[str] = set()
    for country in phonenumbers.SUPPORTED_REGIONS:
        choices = zone_choices(country, "US/Eastern")
        assert choices[0] == country_zone(country) != "UTC"
        assert {"UTC", "US/Eastern", "Asia/Kolkata"} <= set(choices) <= zone_names()
        assert len(set(choices)) == len(choices)
        offered.update(choices)
    assert all(ZoneInfo(name).key == name for name in offered)


@pytest.mark.parametrize(
    ("zone", "label"),
    [
        ("Europe/Berlin", "Europe/Berlin (UTC+2)"),
        ("America/New_York", "America/New_York (UTC−4)"),
        ("Asia/Kathmandu", "Asia/Kathmandu (UTC+5:45)"),
        ("America/St_Johns", "America/St_Johns (UTC−2:30)"),
        ("Africa/Abidjan", "Africa/Abidjan (UTC+0)"),
        ("UTC", "UTC"),
    ],
)
def test_a_zone_is_named_with_its_present_offset(zone: str, label: str) -> None:
    assert zone_label(ZoneInfo(zone), NOW) == label


def test_a_time_names_its_year_when_it_is_not_the_present_one_in_the_zone() -> None:
    moment, zone = dt.datetime(2025, 12, 31, 23, 30, 5, tzinfo=dt.UTC), ZoneInfo("Europe/Berlin")
    assert short_time(moment, zone, now=NOW) == "Jan 1, 12:30 AM"
    assert short_time(moment, ZoneInfo("UTC"), now=NOW, exact=True) == "Dec 31, 2025, 11:30:05 PM"


def test_a_day_without_a_midnight_begins_when_the_clocks_change() -> None:
    assert start_of_day(dt.date(2025, 9, 7), ZoneInfo("America/Santiago")) == dt.datetime(2025, 9, 7, 4, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("chosen", "zone"), [("Asia/Tokyo", "Asia/Tokyo"), (None, "Europe/Berlin"), ("Europe/Atlantis", "Europe/Berlin")]
)
def test_without_a_zone_that_exists_the_countrys_is_used(chosen: str | None, zone: str) -> None:
    assert zone_of(chosen, "DE").key == zone
