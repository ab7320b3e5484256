"""JSON in the database that a newer release wrote: fields, items and values that this release lacks are ignored."""

import datetime as dt
from uuid import uuid4
from zoneinfo import ZoneInfo

import msgspec
import pytest

from calls.incoming.answer_settings import AnswerSettings, ForwardMode, Greeting, Weekday
from calls.incoming.flow import choose_flow
from calls.incoming.rules import ForwardRules
from kit.stored_json import read_stored

RECORDING = uuid4()


def test_fields_items_and_values_of_a_newer_release_count_as_left_out() -> None:
    stored = {
        "greeting": {"text": "Hello.", "voice": "Ann"},
        "hours": [
            {"day": "mon", "from": "09:00", "to": "17:00", "weeks": "odd"},
            {"day": "someday", "from": "09:00", "to": "17:00"},
        ],
        "forward_to": ["+12125550147"],
        "forward_mode": "by-skill",
        "ring_seconds": 25,
        "after_hours": {"greeting": {"audio_id": str(RECORDING)}, "queue": {"length": 5}},
        "transcripts": True,
    }
    read = read_stored(stored, AnswerSettings)
    assert read.greeting == Greeting(text="Hello.")
    assert [(hours.day, hours.from_) for hours in read.hours] == [(Weekday.MON, "09:00")]
    assert (read.forward_to, read.forward_mode, read.ring_seconds) == (["+12125550147"], ForwardMode.TOGETHER, 25)
    assert read.after_hours.greeting is not None
    assert read.after_hours.greeting.recording_id == RECORDING


def test_a_greeting_of_an_unknown_kind_is_empty() -> None:
    read = read_stored({"greeting": {"script_id": "7", "language": "de-DE"}}, AnswerSettings)
    assert read.greeting is not None
    assert read.greeting.is_empty
    assert read.greeting.spoken_language == "de-DE"


def test_what_this_release_wrote_is_read_as_it_is() -> None:
    written = AnswerSettings(greeting=Greeting(audio_id=RECORDING), forward_mode=ForwardMode.IN_TURN, notify=[uuid4()])
    assert read_stored(msgspec.to_builtins(written), AnswerSettings) == written


def test_what_is_no_settings_at_all_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        read_stored([], AnswerSettings)


def test_a_caller_hears_the_usual_greeting_instead_of_one_of_an_unknown_kind() -> None:
    flow = choose_flow(
        read_stored({"greeting": {"script_id": "7"}}, AnswerSettings),
        ForwardRules("US", ["US"], [], []),
        zone=ZoneInfo("America/New_York"),
        at=dt.datetime(2026, 11, 30, 15, tzinfo=dt.UTC),
        organization_id=uuid4(),
        name="Acme",
        number="+12125550100",
        caller=None,
        limit_minutes=5,
    )
    assert "Acme" in flow.greeting
    assert flow.recording_id is None
