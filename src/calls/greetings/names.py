"""Parses the names of recordings and keeps them distinct. Pure."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from itertools import count

from calls.greetings.models import MAX_NAME_CHARACTERS
from kit.errors import ValidationFailed
from kit.text import is_valid_text


def parse_name(text: str) -> str:
    """The name of a recording, without spaces around it. Raises: ValidationFailed."""
    name = text.strip()
    if not is_valid_text(name):
        raise ValidationFailed([("name", "Control characters are not allowed")])
    if len(name) > MAX_NAME_CHARACTERS:
        raise ValidationFailed([("name", f"A name has at most {MAX_NAME_CHARACTERS} characters")])
    return name


def parse_new_name(text: str) -> str:
    """The new name of a recording that is renamed. Raises: ValidationFailed, also for an empty name."""
    name = parse_name(text)
    if not name:
        raise ValidationFailed([("name", "Enter a name")])
    return name


def free_name(name: str, taken: Iterable[str]) -> str:
    """``name``, or if it is among ``taken``, ``name`` with the lowest free number: ``Recording 2``."""
    taken_in_lower_case = {taken_name.casefold() for taken_name in taken}
    if name.casefold() not in taken_in_lower_case:
        return name
    endings = (f" {number}" for number in count(2))
    candidates = (f"{name[: MAX_NAME_CHARACTERS - len(ending)].rstrip()}{ending}" for ending in endings)
    return next(candidate for candidate in candidates if candidate.casefold() not in taken_in_lower_case)


def ensure_free_name(name: str, taken: Iterable[str]) -> None:
    """Raise ValidationFailed if ``name`` is among ``taken`` in any case."""
    if name.casefold() in {taken_name.casefold() for taken_name in taken}:
        raise ValidationFailed([("name", f"Another one is named {name}; choose a different name")])


def repeated_names(names: Sequence[str]) -> Collection[str]:
    """The names that occur more than once in any case; earlier releases stored such names."""
    counts = Counter(name.casefold() for name in names)
    return frozenset(name for name in names if counts[name.casefold()] > 1)
