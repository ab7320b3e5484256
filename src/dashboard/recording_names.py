"""Labels of recordings: the name and, in select lists or where names repeat, also the length and the day or time at
which the recording was added. Pure.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from calls.greetings.names import repeated_names
from kit.clock import utc_now
from kit.text import format_duration
from kit.time_zones import local_day, short_day, short_time


class NamedRecording(Protocol):
    """The fields of a recording that its label is made of."""

    @property
    def id(self) -> UUID: ...
    @property
    def name(self) -> str: ...
    @property
    def seconds(self) -> int: ...
    @property
    def created_at(self) -> dt.datetime: ...


def recording_choices(recordings: Sequence[NamedRecording], zone: ZoneInfo) -> list[tuple[str, str]]:
    """Id and label of each recording: ``Christmas, 0:12, Nov 28``, with the time where names repeat."""
    return [(str(row.id), text) for row, text in _with_details(recordings, zone)]


def recording_labels(recordings: Sequence[NamedRecording], zone: ZoneInfo) -> Mapping[UUID, str]:
    """The label of each recording by its id: the name, with length and time where names repeat."""
    repeated = repeated_names([row.name for row in recordings])
    return {row.id: text if row.name in repeated else row.name for row, text in _with_details(recordings, zone)}


def _with_details(recordings: Sequence[NamedRecording], zone: ZoneInfo) -> Iterator[tuple[NamedRecording, str]]:
    repeated, now = repeated_names([row.name for row in recordings]), utc_now()
    for row in recordings:
        day = short_day(local_day(row.created_at, zone), today=local_day(now, zone))
        added = short_time(row.created_at, zone, now=now) if row.name in repeated else day
        yield row, f"{row.name}, {format_duration(row.seconds)}, {added}"
