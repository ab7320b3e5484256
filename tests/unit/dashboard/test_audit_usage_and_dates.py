"""The dashboard's texts of audit events and rows of usage, and its parsing of date and time fields in forms."""

import datetime as dt
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from admin.event_details import format_details
from calls.aggregates import CallTotals
from calls.usage import AgentUsage, TokenUsage
from dashboard.audit_log import DetailRow, action_label, detail_rows
from dashboard.date_filters import local_time_value, read_days, read_local_time, read_moment
from dashboard.usage import UsageRow, usage_rows
from kit.errors import ValidationFailed
from kit.http.forms import Form


@pytest.mark.parametrize(
    ("action", "label"),
    [
        ("embed_token.created", "Embed token created"),
        ("api_key.revoked", "API key revoked"),
        ("organization.plan_changed", "Organization plan changed"),
        ("", ""),
    ],
)
def test_an_action_has_a_readable_label(action: str, label: str) -> None:
    assert action_label(action) == label


def test_a_change_lists_only_the_fields_that_differ() -> None:
    details = {
        "before": {"label": "Old", "allowed_domains": ["a.com"], "same": 1, "gone": True},
        "after": {"label": "", "allowed_domains": ["a.com", "b.com"], "same": 1},
    }

    assert detail_rows(details) == [
        DetailRow("Label", "Old", "–"),
        DetailRow("Allowed domains", "a.com", "a.com, b.com"),
        DetailRow("Gone", "true", "–"),
    ]


def test_details_without_a_change_list_each_value() -> None:
    assert detail_rows({"scope": "read", "allowed_domains": [], "count": 3}) == [
        DetailRow("Scope", None, "read"),
        DetailRow("Allowed domains", None, "–"),
        DetailRow("Count", None, "3"),
    ]
    assert detail_rows(None) == []
    assert detail_rows({}) == []


def test_settings_of_incoming_calls_are_readable() -> None:
    week = [{"day": day, "from": "09:00", "to": "17:30"} for day in ("mon", "tue", "wed", "thu", "fri")]
    halves = [("00:00", "12:00"), ("12:00", "00:00")]
    details = {
        "changed": ["hours", "holidays", "notify", "forward_mode", "voicemail", "forward_to", "greeting_text"],
        "before": {
            "hours": [],
            "holidays": {"country": None, "days": []},
            "notify": [],
            "forward_mode": "together",
            "voicemail": True,
        },
        "after": {
            "hours": [*week, *({"day": "sun", "from": begin, "to": end} for begin, end in halves)],
            "holidays": {"country": "DE", "days": ["2026-12-24", "2026-12-31"]},
            "notify": ["01997f3e-5c1a-7b3e-9d2f-3a5c8e7f1b24"],
            "forward_mode": "in-turn",
            "voicemail": False,
        },
    }
    expected = [
        DetailRow("Hours", "Always open", "Monday to Friday 09:00-17:30; Sunday 00:00-24:00"),
        DetailRow("Closed days", "None", "Public holidays of Germany; 2026-12-24, 2026-12-31"),
        DetailRow("Members who get a mail about each voicemail", "No members", "1 member"),
        DetailRow("Phones ring", "All together", "One after the other"),
        DetailRow("Voicemail", "On", "Off"),
        DetailRow("Also changed", None, "Phones, Greeting text (not used while a recording is played)"),
    ]
    assert detail_rows(details) == expected
    shown = format_details(details)
    assert "Monday to Friday 09:00-17:30; Sunday 00:00-24:00" in shown
    assert "{" not in shown

    # Names without values, as after a number's own settings were deleted; and a value that a newer release stored.
    assert detail_rows({"changed": ["follows_organization"]}) == [
        DetailRow("Changed", None, "Follows the organization's settings")
    ]
    newer = {"changed": ["hours"], "before": {"hours": []}, "after": {"hours": {"always": True}}}
    assert detail_rows(newer) == [DetailRow("Hours", "Always open", '{"always": true}')]


def test_limits_money_plans_and_countries_have_readable_names() -> None:
    assert detail_rows({"limit": "spend_cents_per_day", "value": 100050}) == [
        DetailRow("Limit", None, "Spend per day"),
        DetailRow("Value", None, "$1,000.50"),
    ]
    assert detail_rows({"limit": "first_days", "value": 0})[0] == DetailRow("Limit", None, "Days as a new account")
    details = {
        "before": {"plan": "pro", "countries": ["US"], "limits": {"minutes_per_day": 600}},
        "after": {"plan": "business", "countries": ["US", "FR"], "limits": {"minutes_per_day": 1200}},
    }
    assert detail_rows(details) == [
        DetailRow("Plan", "Pro", "Business"),
        DetailRow("Countries", "United States", "United States, France"),
        DetailRow("Minutes per day", "600", "1,200"),
    ]


def test_days_are_whole_and_the_last_one_is_included() -> None:
    assert read_days(Form({"since": "2026-02-27", "until": "2026-02-28"}), dt.UTC) == (
        dt.datetime(2026, 2, 27, tzinfo=dt.UTC),
        dt.datetime(2026, 3, 1, tzinfo=dt.UTC),
    )
    assert read_days(Form({"since": "2026-02-28", "until": "2026-02-28"}), dt.UTC)[1] == dt.datetime(
        2026, 3, 1, tzinfo=dt.UTC
    )
    assert read_days(Form({"since": "", "until": ""}), dt.UTC) == (None, None)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", "2026-03-29", 23),
        ("Europe/Berlin", "2026-10-25", 25),
        ("America/New_York", "2026-03-08", 23),
        ("America/New_York", "2026-11-01", 25),
        # The clocks change at midnight.
        ("America/Santiago", "2025-09-07", 23),
        ("America/Havana", "2025-11-02", 25),
    ],
)
def test_a_day_on_which_the_clocks_change_is_a_whole_day(zone: str, day: str, hours: int) -> None:
    since, until = read_days(Form({"since": day, "until": day}), ZoneInfo(zone))
    assert since is not None
    assert until is not None
    assert (until - since) == dt.timedelta(hours=hours)
    assert since.astimezone(ZoneInfo(zone)).date() == dt.date.fromisoformat(day)
    assert (since - dt.timedelta(microseconds=1)).astimezone(ZoneInfo(zone)).date() < dt.date.fromisoformat(day)


@pytest.mark.parametrize(
    ("since", "until", "field"),
    [
        ("soon", "", "since"),
        ("2026-02-30", "", "since"),
        ("", "9999-12-31", "until"),
        ("2026-03-01", "2026-02-28", "until"),
    ],
)
def test_an_invalid_day_is_refused(since: str, until: str, field: str) -> None:
    with pytest.raises(ValidationFailed) as refusal:
        read_days(Form({"since": since, "until": until}), ZoneInfo("America/New_York"))

    assert [name for name, _ in refusal.value.errors] == [field]


def test_both_months_of_a_token_are_in_one_row() -> None:
    first, second = UUID(int=1), UUID(int=2)
    this_month = [
        TokenUsage(second, "", "ept_AbCd", CallTotals(5, 4, 90)),
        TokenUsage(first, "Site", "ept_EfGh", CallTotals(1, 1, 5)),
    ]
    last_month = [TokenUsage(first, "Site", "ept_EfGh", CallTotals(2, 2, 7))]

    assert usage_rows(this_month, last_month) == [
        UsageRow("ept_AbCd…", "", CallTotals(5, 4, 90), CallTotals()),
        UsageRow("Site", "", CallTotals(1, 1, 5), CallTotals(2, 2, 7)),
    ]
    assert usage_rows([], [AgentUsage(None, False, CallTotals(1, 0, 0))]) == [
        UsageRow("Not named", "", CallTotals(), CallTotals(1, 0, 0))
    ]


def test_a_verified_agent_and_an_unverified_one_are_in_two_rows() -> None:
    verified, unverified = (
        AgentUsage("ann@example.com", True, CallTotals(1, 1, 5)),
        AgentUsage("ann@example.com", False, CallTotals(2, 0, 0)),
    )
    assert [(row.name, row.note) for row in usage_rows([unverified, verified], [verified])] == [
        ("ann@example.com", "Unverified"),
        ("ann@example.com", "Verified"),
    ]


@pytest.mark.parametrize(
    ("entered", "moment"),
    [
        ("2026-07-01T18:00", "2026-07-01T22:00:00"),
        ("2026-12-01T18:00:30", "2026-12-01T23:00:30"),
        ("2026-11-01T01:30", "2026-11-01T05:30:00"),  # clocks show this time twice; the first counts
        ("2026-12-01T18:00:00Z", "2026-12-01T18:00:00"),
    ],
)
def test_a_typed_time_is_in_the_organizations_zone(entered: str, moment: str) -> None:
    zone = ZoneInfo("America/New_York")
    read = read_local_time(Form({"since": entered}), "since", zone)
    assert read == dt.datetime.fromisoformat(f"{moment}+00:00")
    assert read_local_time(Form({"since": local_time_value(read, zone)}), "since", zone) == read


@pytest.mark.parametrize("moment", ["2026-11-01T06:30:00.5", "2026-11-01T05:30:00", "2026-07-01T22:00:07"])
def test_an_unchanged_prefilled_time_is_exact(moment: str) -> None:
    zone, prefilled = ZoneInfo("America/New_York"), read_moment(f"{moment}+00:00")
    assert prefilled is not None
    value = local_time_value(prefilled, zone)
    assert read_local_time(Form({"since": value}), "since", zone, prefilled=prefilled) == prefilled
    # Browsers send no seconds if they are zero.
    assert read_local_time(Form({"since": value.removesuffix(":00")}), "since", zone, prefilled=prefilled) == prefilled
    typed = read_local_time(Form({"since": "2026-11-01T01:31"}), "since", zone, prefilled=prefilled)
    assert typed == dt.datetime(2026, 11, 1, 5, 31, tzinfo=dt.UTC)


@pytest.mark.parametrize("text", ["", "yesterday", "2026-11-01T06:30:00", "0001-01-01T00:00Z", "9999-12-31T23:59Z"])
def test_a_moment_needs_an_offset_and_an_ordinary_year(text: str) -> None:
    assert read_moment(text) is None
