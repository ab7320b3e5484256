"""Formats values for pages: times, counts, money, option lists. Pure."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Any
from unicodedata import bidirectional

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from kit.clock import utc_now
from kit.countries import country_name
from kit.e164 import readable
from kit.rounding import divide_up
from kit.schemas import rfc3339
from kit.text import format_duration
from kit.time_zones import short_time
from widget.domains import display_domain

_BIDI_CLASSES = frozenset({"R", "AL", "AN", "RLE", "RLO", "RLI", "LRE", "LRO", "LRI", "FSI", "PDF", "PDI"})
"""Unicode bidirectional classes that change the reading order of a line."""


ZONE_CONTEXT = "zone"
"""Name in the templates' context: the organization's zone; None on pages about the person alone."""


def format_time(moment: datetime | None, zone: tzinfo | None, missing: str = "Never", *, exact: bool = False) -> str:
    """Format a time in ``zone``, ``exact`` to the second; its title is the time in UTC.

    Without a zone it is in UTC, and the page's script rewrites it in the viewer's zone.
    """
    if moment is None:
        return missing
    if zone is None:
        kind, text = "exact" if exact else "short", _utc_text(moment, exact=exact)
        return Markup('<time datetime="{}" data-time="{}">{}</time>').format(rfc3339(moment), kind, text)
    if zone is UTC:
        return Markup('<time datetime="{}">{}</time>').format(rfc3339(moment), _utc_text(moment, exact=exact))
    text = short_time(moment, zone, now=utc_now(), exact=exact)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        rfc3339(moment), _utc_text(moment, exact=True), text
    )


@pass_context
def _time_in_page_zone(
    context: Context, moment: datetime | None, missing: str = "Never", *, exact: bool = False
) -> str:
    """``format_time`` in the zone of the template's context; UTC where the context has none, as in the back office."""
    return format_time(moment, context.get(ZONE_CONTEXT, UTC), missing, exact=exact)


@pass_context
def _file_time(context: Context, moment: datetime) -> str:
    """``2026-11-29-1805`` in the zone of the template's context, for names of files."""
    return f"{moment.astimezone(context.get(ZONE_CONTEXT) or UTC):%Y-%m-%d-%H%M}"


def _utc_text(moment: datetime, *, exact: bool) -> str:
    clock = f"{moment:%H:%M:%S}" if exact else f"{moment:%H:%M}"
    return f"{moment:%b} {moment.day}, {moment:%Y}, {clock} UTC"


def format_count(number: int, one: str, many: str | None = None) -> str:
    """``1 call``, ``1,200 calls``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def format_wait(seconds: int) -> str:
    """Format a waiting time in words; minutes are rounded up."""
    return format_count(seconds, "second") if seconds < 90 else format_count(divide_up(seconds, 60), "minute")


def format_talk_time(seconds: int) -> str:
    """Format connected time in hours and minutes, shorter times to the second: ``3 h 07 min``, ``2 min 5 s``."""
    minutes, rest = divmod(seconds, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if minutes else f"{rest} s"
    return f"{minutes // 60:,} h {minutes % 60:02} min"


def format_dollars(micros: int) -> str:
    """Format millionths of a US dollar, to a tenth of a cent."""
    return f"${micros / 1_000_000:,.3f}"


def format_amount(micros: int, currency: str) -> str:
    """Format millionths of any currency, to a thousandth of it, with the currency's code."""
    return f"{micros / 1_000_000:,.3f} {currency}"


def agent_note(is_member: bool) -> str:
    """Label of a call's agent: verified member, or only a name that the page sent."""
    return "Verified" if is_member else "Unverified"


def isolate_bidi(name: str) -> str:
    """Wrap ``name`` in bidi isolates for text without markup: right-to-left parts leave the rest in order."""
    return f"\u2068{name}\u2069" if any(bidirectional(character) in _BIDI_CLASSES for character in name) else name


def option_tags(choices: Iterable[tuple[str, str]], chosen: str) -> Markup:
    """Return ``<option>`` tags of (value, text) pairs, cached: country and token lists have hundreds."""
    return _option_tags(tuple(choices), chosen)


@lru_cache(maxsize=64)
def _option_tags(choices: tuple[tuple[str, str], ...], chosen: str) -> Markup:
    lines = []
    for value, text in choices:
        mark = " selected" if value == chosen else ""
        lines.append(f'<option value="{_escaped(value)}"{mark}>{_escaped(text)}</option>')
    return Markup("".join(lines))  # noqa: S704 - escaped


def datalist_options(values: Iterable[str]) -> Markup:
    """Return the ``<option>`` tags of a ``<datalist>``."""
    return _datalist_options(tuple(values))


@lru_cache(maxsize=64)
def _datalist_options(values: tuple[str, ...]) -> Markup:
    return Markup("".join(f'<option value="{_escaped(value)}"></option>' for value in values))  # noqa: S704 - escaped


def _escaped(text: str) -> str:
    """Escape to plain ``str``: joining ``Markup`` pieces would escape each again."""
    return str.__str__(escape(text))


FILTERS: Mapping[str, Callable[..., Any]] = {
    "when": _time_in_page_zone,
    "file_time": _file_time,
    "phone": readable,
    "duration": format_duration,
    "talk_time": format_talk_time,
    "counted": format_count,
    "isolated": isolate_bidi,
    "domain": display_domain,
    "amount": format_amount,
    "dollars": format_dollars,
    "agent_note": agent_note,
    "options": option_tags,
    "suggestions": datalist_options,
    "country": country_name,
}
