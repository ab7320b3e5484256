"""Labels of recordings. Options show name, length and day; repeated names also show the time. Pure."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from calls.greetings.names import repeated_names
from kit.clock import utc_now
from kit.text import duration
from kit.time_zones import local_day, short_day, short_time


class NamedRecording(Protocol):
    """A recording with what people know of it."""

    @property
    def id(self) -> UUID: ...
    @property
    def name(self) -> str: ...
    @property
    def seconds(self) -> int: ...
    @property
    def created_at(self) -> dt.datetime: ...


def recording_choices(recordings: Sequence[NamedRecording], zone: ZoneInfo) -> list[tuple[str, str]]:
    """Id and text of each: ``Christmas, 0:12, Nov 28``, with the time where names repeat."""
    return [(str(row.id), text) for row, text in _described(recordings, zone)]


def recording_labels(recordings: Sequence[NamedRecording], zone: ZoneInfo) -> Mapping[UUID, str]:
    """The name of each, with length, day and time where names repeat."""
    repeated = repeated_names([row.name for row in recordings])
    return {row.id: text if row.name in repeated else row.name for row, text in _described(recordings, zone)}


def _described(recordings: Sequence[NamedRecording], zone: ZoneInfo) -> Iterator[tuple[NamedRecording, str]]:
    repeated, now = repeated_names([row.name for row in recordings]), utc_now()
    for row in recordings:
        day = short_day(local_day(row.created_at, zone), today=local_day(now, zone))
        added = short_time(row.created_at, zone, now=now) if row.name in repeated else day
        yield row, f"{row.name}, {duration(row.seconds)}, {added}"
