"""The search for a phone number in metadata and other text, in any written format, when the number is erased."""

import re
from typing import Any

import pytest

from privacy.number_matcher import NumberMatcher

US, GB = "+12125550147", "+442079460018"


@pytest.mark.parametrize(
    ("number", "country", "value"),
    [
        (US, "US", "+12125550147"),
        (US, "US", "(212) 555-0147"),
        (US, "US", "212.555.0147"),
        (US, "US", "1-212-555-0147"),
        (US, "US", 2125550147),
        (US, "US", 12125550147),
        (US, "US", 2125550147.0),
        (US, "US", "Grace Hopper, +1 (212) 555\u20110147, asked to be called back"),
        (US, "US", "tel:+1-212-555-0147;ext=5"),
        (US, "US", "order 5 212-555-0147"),
        (US, "US", "001 212 555 0147"),
        (US, "US", "phone_2125550147_old"),
        (US, "US", "https://crm.example/?phone=%2B1%20212%20555%200147"),
        (US, "US", "\uff12\uff11\uff12\uff15\uff15\uff15\uff10\uff11\uff14\uff17"),
        (US, "US", "\u0662\u0661\u0662\u0665\u0665\u0665\u0660\u0661\u0664\u0667"),
        (US, "US", {"contact": [{"phones": {"2125550147": True}}]}),
        (US, "US", {"area": "212", "local": "555-0147"}),
        (US, "GB", 12125550147),
        (US, "GB", "00 1 212 555 0147"),
        (GB, "GB", "020 7946 0018"),
        (GB, "GB", "+44 (0)20 7946 0018"),
        (GB, "GB", 2079460018),
        (GB, "US", "011 44 20 7946 0018"),
        (GB, "US", "020 7946 0018"),
        ("+298201234", "FO", "20 12 34"),
        ("+2904567", "SH", "+290 4567"),
        ("+5491123456789", "AR", "011 15-2345-6789"),
    ],
)
def test_a_number_is_found_in_any_form(number: str, country: str, value: Any) -> None:
    assert NumberMatcher(number, country).matches_value({"from the page": value})


@pytest.mark.parametrize(
    ("number", "country", "value"),
    [
        (US, "US", "(312) 555-0147"),
        (US, "US", "555-0147"),
        (US, "US", 21255501472),
        (US, "US", "92125550147"),
        (US, "US", "+44 2125550147"),
        (US, "US", "+2125550147"),
        ("+298201234", "US", 201234),
        ("+2904567", "SH", {"deal": 4567}),
        (US, "US", [True, None, 0.2125, ""]),
        # In the organization's country this is a number in London.
        ("+12079460018", "GB", "020 7946 0018"),
        ("+12079460018", "GB", 2079460018),
    ],
)
def test_other_numbers_are_left_alone(number: str, country: str, value: Any) -> None:
    assert not NumberMatcher(number, country).matches_value({"from the page": value})


def test_the_database_hands_over_what_may_mention_it_and_little_else() -> None:
    pattern = re.compile(NumberMatcher(US, "US").sql_pattern)
    for text in ('{"phone": "(212) 555-0147"}', '{"x": 12125550147}', "555%200147", "\u0662\u0661"):
        assert pattern.search(text)
    for text in ('{"phone": "(212) 555-0148"}', '{"seen": "2026-11-26T10:00:00Z", "name": "Zoë"}'):
        assert not pattern.search(text)


def test_a_reason_keeps_its_words_and_loses_the_number() -> None:
    said = "Ticket 1234567 of 2 May: forget +1 (212) 555-0147!"
    assert NumberMatcher(US, "US").mask_in(said) == "Ticket 1234567 of 2 May: forget …0147!"
