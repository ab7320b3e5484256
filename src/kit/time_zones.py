"""Time zones by their IANA names: the zone of a country, the starts of days and months, times for people."""

import datetime as dt
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo, available_timezones

UTC_NAME = "UTC"
_NOT_ZONES = frozenset({"Factory", "localtime", "posixrules"})
_PRINCIPAL_ZONES: Mapping[str, str] = {
    "AC": "Atlantic/St_Helena",
    "AU": "Australia/Sydney",
    "BR": "America/Sao_Paulo",
    "CA": "America/Toronto",
    "RU": "Europe/Moscow",
    "TA": "Atlantic/St_Helena",
    "UA": "Europe/Kyiv",
    "UZ": "Asia/Tashkent",
    "XK": "Europe/Belgrade",
}
"""By country: the zone in which most people live, where it is not the country's first zone in the IANA list.

Also countries that the list does not have.
"""


@cache
def zone_names() -> frozenset[str]:
    """Every zone name that an organization can choose, former names such as ``US/Eastern`` included."""
    return frozenset(available_timezones() - _NOT_ZONES)


@cache
def zones_by_country() -> Mapping[str, Sequence[str]]:
    """The zones of each country, by ISO 3166 two-letter code, as the IANA list orders them."""
    lines = resources.files("tzdata").joinpath("zoneinfo", "zone.tab").read_text("ascii").splitlines()
    found: dict[str, list[str]] = {}
    for country, _, name, *_ in (line.split("\t") for line in lines if line and not line.startswith("#")):
        if name in zone_names():
            found.setdefault(country, []).append(name)
    return found


def country_zone(country: str) -> str:
    """The name of the zone in which most people of a country live; UTC for a country that is not listed."""
    return _PRINCIPAL_ZONES.get(country) or next(iter(zones_by_country().get(country, ())), UTC_NAME)


def zone_of(chosen: str | None, country: str) -> ZoneInfo:
    """The zone that an organization chose; its country's when it chose none, or one that tzdata no longer has."""
    return ZoneInfo(chosen if chosen in zone_names() else country_zone(country))


def zone_choices(country: str, chosen: str) -> Sequence[str]:
    """The names for a list: the country's first, then all others in order; ``chosen`` is among them."""
    own = [country_zone(country), *zones_by_country().get(country, ())]
    others = sorted({UTC_NAME, chosen, *(name for names in zones_by_country().values() for name in names)})
    return list(dict.fromkeys([*own, *others]))


def start_of_day(day: dt.date, zone: dt.tzinfo) -> dt.datetime:
    """The first moment of ``day`` in ``zone``, in UTC. Raises: OverflowError for a day at the end of the calendar."""
    # A midnight that the change to summer time skips gets the offset before the change: that is the time of the change.
    return dt.datetime.combine(day, dt.time(), zone).astimezone(dt.UTC)


def local_day(moment: dt.datetime, zone: dt.tzinfo) -> dt.date:
    """The date of ``moment`` in ``zone``."""
    return moment.astimezone(zone).date()


def short_time(moment: dt.datetime, zone: dt.tzinfo, *, now: dt.datetime, exact: bool = False) -> str:
    """``Nov 28, 2:43 PM`` in ``zone``, with the year when it is not that of ``now``; with seconds if ``exact``."""
    local = moment.astimezone(zone)
    clock = f"{local.hour % 12 or 12}:{local:%M:%S}" if exact else f"{local.hour % 12 or 12}:{local:%M}"
    return f"{short_day(local.date(), today=local_day(now, zone))}, {clock} {local:%p}"


def short_day(day: dt.date, *, today: dt.date) -> str:
    """``Nov 28``, with the year when it is not that of ``today``."""
    return f"{day:%b} {day.day}" if day.year == today.year else f"{day:%b} {day.day}, {day.year}"


def zone_label(zone: ZoneInfo, now: dt.datetime) -> str:
    """``Europe/Berlin (UTC+1)``, by the present offset; ``UTC`` for UTC itself."""
    minutes = round((now.astimezone(zone).utcoffset() or dt.timedelta()).total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    offset = f"{'−' if minutes < 0 else '+'}{hours}" + (f":{rest:02}" if rest else "")
    return UTC_NAME if zone.key == UTC_NAME else f"{zone.key} (UTC{offset})"
