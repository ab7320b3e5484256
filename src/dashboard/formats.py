"""How values read on pages. Pure."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any
from unicodedata import bidirectional

from markupsafe import Markup, escape

from kit.countries import country_name
from kit.e164 import readable
from kit.schemas import rfc3339
from kit.text import duration
from widget.domains import display_domain

_BIDI_CLASSES = frozenset({"R", "AL", "AN", "RLE", "RLO", "RLI", "LRE", "LRO", "LRI", "FSI", "PDF", "PDI"})
"""Classes of characters that change the order in which a line is read."""


def format_time(moment: datetime | None, missing: str = "Never", *, exact: bool = False) -> str:
    """A time for people, in UTC, ``exact`` to the second; the page's script rewrites it to the viewer's own zone."""
    if moment is None:
        return missing
    clock = f"{moment:%H:%M:%S}" if exact else f"{moment:%H:%M}"
    kind = "exact" if exact else "short"
    text = f"{moment:%b} {moment.day}, {moment:%Y}, {clock} UTC"
    return Markup(f'<time datetime="{rfc3339(moment)}" data-time="{kind}">{text}</time>')  # noqa: S704 - formatted numbers


def format_count(number: int, one: str, many: str | None = None) -> str:
    """``1 call``, ``1,200 calls``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def format_wait(seconds: int) -> str:
    """How long to wait, in words; minutes are rounded up."""
    return format_count(seconds, "second") if seconds < 90 else format_count(-(-seconds // 60), "minute")


def format_dollars(micros: int) -> str:
    """Millionths of a US dollar as an amount, to a tenth of a cent."""
    return f"${micros / 1_000_000:,.3f}"


def agent_note(is_member: bool) -> str:
    """Whether the person beside a call is known to us, or only what a page said."""
    return "Verified" if is_member else "Named by the page"


def isolate_bidi(name: str) -> str:
    """``name`` for a sentence that can hold no markup: what runs right to left in it turns nothing else."""
    return f"\u2068{name}\u2069" if any(bidirectional(character) in _BIDI_CLASSES for character in name) else name


def option_tags(choices: Iterable[tuple[str, str]], chosen: str) -> Markup:
    """The options of a choice, each a value and its text; lists of countries and tokens have hundreds."""
    return _option_tags(tuple(choices), chosen)


@lru_cache(maxsize=64)
def _option_tags(choices: tuple[tuple[str, str], ...], chosen: str) -> Markup:
    lines = []
    for value, text in choices:
        mark = " selected" if value == chosen else ""
        lines.append(f'<option value="{_escaped(value)}"{mark}>{_escaped(text)}</option>')
    return Markup("".join(lines))  # noqa: S704 - escaped


def datalist_options(values: Iterable[str]) -> Markup:
    """The options of a ``<datalist>``."""
    return _datalist_options(tuple(values))


@lru_cache(maxsize=64)
def _datalist_options(values: tuple[str, ...]) -> Markup:
    return Markup("".join(f'<option value="{_escaped(value)}"></option>' for value in values))  # noqa: S704 - escaped


def _escaped(text: str) -> str:
    """As plain text: each piece of ``Markup`` would be looked through again by whatever joins it."""
    return str.__str__(escape(text))


FILTERS: Mapping[str, Callable[..., Any]] = {
    "when": format_time,
    "phone": readable,
    "duration": duration,
    "counted": format_count,
    "isolated": isolate_bidi,
    "domain": display_domain,
    "dollars": format_dollars,
    "agent_note": agent_note,
    "options": option_tags,
    "suggestions": datalist_options,
    "country": country_name,
}
