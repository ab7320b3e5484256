"""Formats of times, durations, counts, phone numbers and names on the dashboard's pages."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from dashboard.formats import (
    datalist_options,
    format_count,
    format_talk_time,
    format_time,
    format_wait,
    isolate_bidi,
    option_tags,
)
from kit.e164 import readable
from kit.text import format_duration


def test_a_time_has_seconds_only_if_it_is_exact() -> None:
    moment = dt.datetime(2026, 3, 5, 7, 8, 9, tzinfo=dt.UTC)
    assert ">Mar 5, 2026, 07:08 UTC<" in format_time(moment, dt.UTC)
    assert ">Mar 5, 2026, 07:08:09 UTC<" in format_time(moment, dt.UTC, exact=True)
    assert 'datetime="2026-03-05T07:08:09Z"' in format_time(moment, dt.UTC)
    assert "data-time" not in format_time(moment, dt.UTC)
    assert format_time(None, dt.UTC, "Not answered") == "Not answered"


def test_a_time_of_an_organization_is_in_its_zone_and_names_utc_in_its_title() -> None:
    moment = dt.datetime(2024, 3, 5, 23, 8, 9, tzinfo=dt.UTC)
    shown = format_time(moment, ZoneInfo("Europe/Berlin"))
    assert ">Mar 6, 2024, 12:08 AM<" in shown
    assert 'title="Mar 5, 2024, 23:08:09 UTC"' in shown


def test_without_a_zone_the_script_formats_the_time() -> None:
    moment = dt.datetime(2026, 3, 5, 7, 8, 9, tzinfo=dt.UTC)
    assert 'data-time="exact">Mar 5, 2026, 07:08:09 UTC<' in format_time(moment, None, exact=True)


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (134, "2:14"), (3722, "1:02:02")])
def test_a_duration_reads_as_a_clock(seconds: int, text: str) -> None:
    assert format_duration(seconds) == text


@pytest.mark.parametrize(("stored", "text"), [("+14155550100", "+1 415-555-0100"), ("911", "911"), (None, "")])
def test_a_text_that_is_no_number_stays_as_it_was_dialled(stored: str | None, text: str) -> None:
    assert readable(stored) == text


@pytest.mark.parametrize("name", ["CRM \u202e<b>", "מכירות", "فريق ١"])
def test_a_right_to_left_name_is_isolated_from_its_sentence(name: str) -> None:
    assert isolate_bidi(name) == f"\u2068{name}\u2069"


@pytest.mark.parametrize("name", ["Main Website", "Walk & Söhne 2", ""])
def test_a_left_to_right_name_is_not_isolated(name: str) -> None:
    assert isolate_bidi(name) == name


@pytest.mark.parametrize(
    ("seconds", "text"), [(1, "1 second"), (89, "89 seconds"), (90, "2 minutes"), (3541, "60 minutes")]
)
def test_a_waiting_time_is_written_in_words(seconds: int, text: str) -> None:
    assert format_wait(seconds) == text


def test_a_count_uses_the_singular_or_the_plural() -> None:
    assert [format_count(number, "call") for number in (0, 1, 1200)] == ["0 calls", "1 call", "1,200 calls"]


def test_choices_and_suggestions_are_escaped_and_the_chosen_one_is_marked() -> None:
    choices = [("", "Any"), ('"x"', "<b>Tom & Ann</b>")]
    assert option_tags(choices, '"x"') == (
        '<option value="">Any</option><option value="&#34;x&#34;" selected>&lt;b&gt;Tom &amp; Ann&lt;/b&gt;</option>'
    )
    assert option_tags(choices, "").startswith('<option value="" selected>')
    assert datalist_options(['"<']) == '<option value="&#34;&lt;"></option>'


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59, "59 s"), (125, "2 min 5 s"), (3600, "1 h 00 min"), (3600 * 1234 + 7 * 60 + 59, "1,234 h 07 min")],
)
def test_talk_time_reads_as_hours_and_minutes(seconds: int, text: str) -> None:
    assert format_talk_time(seconds) == text
