"""Types of the settings of incoming calls, as in API and database; checks if a time is within opening hours. Pure."""

import datetime as dt
import enum
from collections.abc import Sequence
from functools import lru_cache
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from msgspec import UNSET, Meta, UnsetType

from calls.incoming.prompts import DEFAULT_LANGUAGE
from kit.schemas import E164Number, RequestModel, TimeZoneName

DEFAULT_RING_SECONDS = 20


class Weekday(enum.StrEnum):
    """Days of the week, Monday first, as Python counts them."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


class ForwardMode(enum.StrEnum):
    """The order in which phones ring."""

    TOGETHER = "together"
    IN_TURN = "in-turn"


class OpenHours(RequestModel, frozen=True, kw_only=True):
    """One interval of a weekday, in the settings' time zone."""

    day: Weekday
    from_: Annotated[str, Meta(examples=["09:00"])] = msgspec.field(name="from")
    """Hours and minutes, ``09:00``."""
    to: Annotated[str, Meta(examples=["17:30"])]
    """A time before ``from`` is on the next day."""


class Holidays(RequestModel, frozen=True, kw_only=True):
    """Days on which no hours are open."""

    country: Annotated[str | None, Meta(examples=["US"])] = None
    """ISO 3166 code of the country whose public holidays are closed; null for none."""
    days: Annotated[list[str], Meta(examples=[["2026-12-24"]])] = msgspec.field(default_factory=list)
    """Further closed days, ``2026-12-24``."""


class Greeting(RequestModel, frozen=True, kw_only=True):
    """A text that the carrier speaks, or a recording that it plays: one of ``text`` and ``audio_id``."""

    text: Annotated[str, Meta(examples=["Thank you for calling Acme Realty."])] | UnsetType = UNSET
    audio_id: Annotated[UUID, Meta(examples=["01997f3e-5c1a-7b3e-9d2f-3a5c8e7f1b24"])] | UnsetType = UNSET
    """A recording of the organization's ``…/audio``."""
    language: Annotated[str, Meta(examples=["en-US"])] | UnsetType = UNSET
    """BCP 47; also of the other sentences that callers hear. ``en-US`` when it is left out."""

    @property
    def spoken_text(self) -> str:
        """The text that the carrier speaks; empty for a recording."""
        return "" if self.text is UNSET else self.text

    @property
    def recording_id(self) -> UUID | None:
        """The recording's id; None for a text."""
        return None if self.audio_id is UNSET else self.audio_id

    @property
    def is_empty(self) -> bool:
        """True where a newer release stored a kind of greeting that this release does not know."""
        return not self.spoken_text and self.recording_id is None

    @property
    def spoken_language(self) -> str:
        return DEFAULT_LANGUAGE if self.language is UNSET else self.language


class AfterHours(RequestModel, frozen=True, kw_only=True):
    """The answer outside the hours."""

    greeting: Greeting | None = None
    forward_to: Annotated[list[E164Number], Meta(examples=[["+12125550147"]])] = msgspec.field(default_factory=list)
    voicemail: Annotated[bool, Meta(examples=[True])] = False


class AnswerSettings(RequestModel, frozen=True, kw_only=True):
    """The answer to calls to a number."""

    time_zone: TimeZoneName | None = None
    """IANA name of the zone of ``hours`` and ``holidays``; null for that of the organization."""
    hours: list[OpenHours] = msgspec.field(default_factory=list)
    """Without any the hours are always open. Intervals that overlap are refused; one may begin when another ends."""
    holidays: Holidays = msgspec.field(default_factory=Holidays)
    greeting: Greeting | None = None
    forward_to: Annotated[list[E164Number], Meta(examples=[["+12125550147"]])] = msgspec.field(default_factory=list)
    """At most five phones, E.164. Each has to accept the call with the key 1."""
    forward_mode: ForwardMode = ForwardMode.TOGETHER
    ring_seconds: Annotated[int, Meta(examples=[20])] = DEFAULT_RING_SECONDS
    voicemail: Annotated[bool, Meta(examples=[True])] = True
    """True where it is left out. Only an organization that has never saved its settings has no voicemail."""
    press_9: Annotated[bool, Meta(examples=[True])] = True
    """Offer callers to press 9, so that the organization never calls them again."""
    notify: Annotated[list[UUID], Meta(examples=[["01997f3e-5c1a-7b3e-9d2f-3a5c8e7f1b24"]])] = msgspec.field(
        default_factory=list
    )
    """Members who get a mail about each voicemail, by their ids in the list of members. API keys do not read that list:
    choose the members under Incoming calls in the dashboard, or read their ids in a session; this answer then has them.
    """
    after_hours: AfterHours = msgspec.field(default_factory=AfterHours)
    transcribe: Annotated[bool, Meta(examples=[True])] | UnsetType = UNSET
    """Let the carrier transcribe voicemails of 2 to 120 seconds in English, at a price for each. Off if it is left out,
    and left out of responses until it was set once."""

    @property
    def is_transcription_requested(self) -> bool:
        return self.transcribe is True


class UnplayedTexts(msgspec.Struct, frozen=True, kw_only=True):
    """Texts of greetings that now play a recording; stored so that they can be used again later."""

    greeting: str = ""
    after_hours: str = ""


def parse_clock(text: str) -> dt.time:
    """A time of day like ``09:00``. Raises: ValueError."""
    if len(text) != len("09:00") or text[2] != ":" or not text.isascii():
        raise ValueError
    return dt.time(int(text[:2]), int(text[3:]))


def is_open(settings: AnswerSettings, zone: ZoneInfo, now: dt.datetime) -> bool:
    """True when an interval that covers ``now`` began on a day that is not closed.

    Times are those that clocks in ``zone`` show: an hour that is repeated in autumn is open both times, one that is
    skipped in spring is never reached.
    """
    local = now.astimezone(zone)
    clock, today = local.time().replace(second=0, microsecond=0), local.date()
    yesterday = today - dt.timedelta(days=1)
    if not settings.hours:
        return not is_holiday(settings.holidays, today)
    for hours in settings.hours:
        begin, end = parse_clock(hours.from_), parse_clock(hours.to)
        is_overnight = end < begin
        if _is_day(hours, today) and begin <= clock and (is_overnight or clock < end):
            began = today
        elif is_overnight and _is_day(hours, yesterday) and clock < end:
            began = yesterday
        else:
            continue
        if not is_holiday(settings.holidays, began):
            return True
    return False


def _is_day(hours: OpenHours, day: dt.date) -> bool:
    return list(Weekday)[day.weekday()] is hours.day


def is_holiday(closed: Holidays, day: dt.date) -> bool:
    """True for a day of the list and for a public holiday of the country."""
    return day.isoformat() in closed.days or (
        closed.country is not None and day in _public_holidays(closed.country, day.year)
    )


@lru_cache(maxsize=64)
def _public_holidays(country: str, year: int) -> frozenset[dt.date]:
    # Imported late, because most processes answer no call outside the hours.
    import holidays

    return frozenset(holidays.country_holidays(country, years=year))


@lru_cache(maxsize=1)
def holiday_countries() -> Sequence[str]:
    """ISO 3166 codes of the countries whose holidays are known, sorted."""
    import holidays

    return sorted(code for code in holidays.list_supported_countries() if len(code) == len("US"))
