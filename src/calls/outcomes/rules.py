"""Parses lists of outcomes, and the outcome, note and tags of a call. Pure."""

import re
from collections.abc import Sequence

import msgspec

from kit.errors import ValidationFailed
from kit.text import is_valid_text

MAX_OUTCOMES = 30
MAX_OUTCOME_CHARACTERS = 40
MAX_NOTE_CHARACTERS = 5000
MAX_TAGS = 20
MAX_TAG_CHARACTERS = 40
DEFAULT_COLOUR = "#64748b"
_COLOUR = re.compile(r"#[0-9a-f]{6}")
_TEXT_MESSAGE = "Control characters are not allowed"


class Outcome(msgspec.Struct, frozen=True):
    """One outcome of an organization's list, as it is stored in JSON."""

    name: str
    colour: str = DEFAULT_COLOUR
    """``#rrggbb`` in lower case."""
    counts_as_conversation: bool = False


def parse_outcomes(given: Sequence[Outcome]) -> list[Outcome]:
    """The list in the form in which it is stored.

    Raises:
        ValidationFailed: on ``outcomes`` for too many; on ``name`` for names that are empty, too long or repeated; on
            ``colour`` for an invalid colour.
    """
    if len(given) > MAX_OUTCOMES:
        raise ValidationFailed([("outcomes", f"At most {MAX_OUTCOMES} outcomes")])
    parsed = [Outcome(parse_outcome_name(row.name), _parse_colour(row), row.counts_as_conversation) for row in given]
    known: set[str] = set()
    repeated: dict[str, None] = {}
    for row in parsed:
        if row.name.casefold() in known:
            repeated[row.name] = None
        known.add(row.name.casefold())
    if repeated:
        raise ValidationFailed([("name", f"There are two outcomes called {name}") for name in repeated])
    return parsed


def parse_outcome_name(typed: str) -> str:
    """The name in its stored form, on one line. Raises: ValidationFailed, on ``name``."""
    if not is_valid_text(typed):
        raise ValidationFailed([("name", _TEXT_MESSAGE)])
    name = " ".join(typed.split())
    if not name:
        raise ValidationFailed([("name", "Name the outcome")])
    if len(name) > MAX_OUTCOME_CHARACTERS:
        raise ValidationFailed([("name", f"At most {MAX_OUTCOME_CHARACTERS} characters: {name[:20]}…")])
    return name


def _parse_colour(row: Outcome) -> str:
    colour = row.colour.strip().lower()
    if _COLOUR.fullmatch(colour) is None:
        raise ValidationFailed([("colour", "Give a colour like #059669")])
    return colour


def parse_note(typed: str | None) -> str | None:
    """The stored form of a note: line ends are LF, None for an empty note. Raises: ValidationFailed, on ``note``."""
    if typed is None:
        return None
    note = typed.replace("\r\n", "\n").replace("\r", "\n")
    if len(note) > MAX_NOTE_CHARACTERS:
        raise ValidationFailed([("note", f"At most {MAX_NOTE_CHARACTERS:,} characters; this has {len(note):,}")])
    if not is_valid_text(note):
        raise ValidationFailed([("note", _TEXT_MESSAGE)])
    return note if note.strip() else None


def parse_tags(given: Sequence[str] | None) -> list[str] | None:
    """The stored form of tags: each once and on one line, None for no tags. Raises: ValidationFailed, on ``tags``."""
    given = given or ()
    if len(given) > MAX_TAGS:
        raise ValidationFailed([("tags", f"At most {MAX_TAGS} tags; these are {len(given)}")])
    tags: dict[str, None] = {}
    errors: list[tuple[str, str]] = []
    for typed in given:
        tag = " ".join(typed.split())
        if not tag or not is_valid_text(typed):
            errors.append(("tags", _TEXT_MESSAGE if tag else "A tag must not be empty"))
        elif len(tag) > MAX_TAG_CHARACTERS:
            errors.append(("tags", f"A tag has at most {MAX_TAG_CHARACTERS} characters: {tag[:20]}…"))
        tags[tag] = None
    if errors:
        raise ValidationFailed(errors)
    return list(tags) or None


def parse_outcome_filter(outcome: str | None) -> str | None:
    """The outcome to filter by; it may have been removed from the list. Raises: ValidationFailed."""
    return _parse_filter("outcome", outcome, MAX_OUTCOME_CHARACTERS)


def parse_tag_filter(tag: str | None) -> str | None:
    """The tag to filter by. Raises: ValidationFailed."""
    return _parse_filter("tag", tag, MAX_TAG_CHARACTERS)


def _parse_filter(field: str, typed: str | None, max_characters: int) -> str | None:
    if typed is None:
        return None
    text = " ".join(typed.split())
    if not text or len(text) > max_characters or not is_valid_text(typed):
        raise ValidationFailed([(field, f"Give the whole {field}, at most {max_characters} characters")])
    return text
