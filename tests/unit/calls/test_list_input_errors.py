"""Lists of countries, limits, outcomes, tags and webhook events that clients send: errors name every wrong entry."""

from collections.abc import Callable
from typing import Any

import pytest

from calls.limits.rule_input import parse_countries, parse_limits
from calls.outcomes.rules import Outcome, parse_outcomes, parse_tags
from kit.errors import ValidationFailed
from webhooks.services import parse_events


@pytest.mark.parametrize(
    ("parse", "given", "named"),
    [
        (parse_countries, ["US", "Narnia", "Atlantis"], ["called Narnia", "called Atlantis"]),
        (parse_limits, {"a": "x", "b": 1, "c": None}, ["a must be", "c must be"]),
        (parse_tags, ["x" * 41, "good", "", "a\x07"], ["40 characters", "must not be empty", "Control characters"]),
        (parse_events, ["call.ended", "call.begun", "nothing"], ["“call.begun”", "“nothing”"]),
        (
            parse_outcomes,
            [Outcome("a"), Outcome("A"), Outcome("b"), Outcome("B"), Outcome("c")],
            ["called A", "called B"],
        ),
    ],
    ids=["countries", "limits", "tags", "types of events", "outcomes"],
)
def test_every_wrong_entry_is_named(parse: Callable[[Any], object], given: Any, named: list[str]) -> None:
    with pytest.raises(ValidationFailed) as refusal:
        parse(given)
    assert len(refusal.value.errors) == len(named)
    assert all(text in message for text, (_, message) in zip(named, refusal.value.errors, strict=True))
