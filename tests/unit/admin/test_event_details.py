"""The back office's text for the details of an audit event: the values before and after a change."""

from admin.event_details import format_details


def test_changed_limits_are_shown_alone_and_money_in_dollars() -> None:
    before = {"limits": {"calls_per_day": 1000, "spend_cents_per_day": 2500}, "countries": ["US"]}
    after = {"limits": {"calls_per_day": 1000, "spend_cents_per_day": 1250}, "countries": ["US", "CA"]}
    shown = str(format_details({"before": before, "after": after, "reason": "Asked"}))
    assert shown == (
        '<ul class="plain-list"><li>Countries: <bdi>United States → United States, Canada</bdi></li>'
        "<li>Reason: <bdi>Asked</bdi></li>"
        "<li>Spend per day: <bdi>$25.00 → $12.50</bdi></li></ul>"
    )


def test_the_values_of_a_limit_have_its_unit() -> None:
    shown = str(format_details({"limit": "spend_cents_per_day", "used": 2000, "of": 2500}))
    assert "Limit: <bdi>Spend per day</bdi>" in shown
    assert "Used: <bdi>$20.00</bdi>" in shown
    assert "Of: <bdi>$25.00</bdi>" in str(shown)
    assert "Value: <bdi>5,000</bdi>" in str(format_details({"limit": "calls_per_day", "value": 5000}))


def test_a_plain_change_is_shown_with_both_values_and_markup_is_inert() -> None:
    assert "Changed: <bdi>pro → &lt;b&gt;</bdi>" in str(format_details({"before": "pro", "after": "<b>"}))
    assert format_details({}) == "–"
