"""The names of event types equal those that customers' programs receive by contract."""

from events.event_types import EventType


def test_the_types_are_those_of_the_contract() -> None:
    assert list(EventType) == [
        "call.started",
        "call.answered",
        "call.ended",
        "call.updated",
        "call.missed",
        "voicemail.received",
        "phone_number.added",
        "phone_number.released",
        "embed_token.created",
        "embed_token.revoked",
        "limit.reached",
    ]
