"""Translates msgspec's validation errors to messages for people."""

import re

_KINDS = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "nothing",
    "uuid": "an id",
    "datetime": "a time",
    "date": "a date",
}
_UNITS = {"str": "characters", "array": "items", "object": "entries"}
_RELATIONS = {"<=": "at most", ">=": "at least", "<": "less than", ">": "more than", "=": "exactly"}
_SIZE = re.compile(r"Expected `(?P<kind>\w+)[^`]*` of length (?P<relation>[<>]?=) (?P<bound>\d+)")
_BOUND = re.compile(r"Expected `(?:int|float)[^`]*` (?P<relation>[<>]=?) (?P<bound>-?[\d.]+)")
_KIND = re.compile(r"Expected `(?P<kinds>[^`]+)`, got `(?P<got>[^`]+)`")
_WHOLE_MESSAGES = {
    "Invalid UUID": "Not an id",
    "Invalid RFC3339 encoded datetime": "Give a time with its offset, for example 2026-11-22T18:00:00Z",
    "Invalid RFC3339 encoded date": "Give a date, for example 2026-11-22",
}


def humanize(error: str) -> str:
    """Translate ``error``, a message of ``msgspec.ValidationError`` without its path.

    An unknown message is returned unchanged: messages of the product's own types are already for people.
    """
    if error in _WHOLE_MESSAGES:
        return _WHOLE_MESSAGES[error]
    if error.startswith("Invalid enum value"):
        return "Not one of the allowed values"
    for pattern, translate in _TRANSLATIONS:
        if match := pattern.match(error):
            return translate(match)
    return error


def _size(match: re.Match[str]) -> str:
    if match["relation"] == ">=" and match["bound"] == "1":
        return "Must not be empty"
    return f"{_RELATIONS[match['relation']].capitalize()} {match['bound']} {_UNITS.get(match['kind'], 'long')}"


def _bound(match: re.Match[str]) -> str:
    return f"Must be {_RELATIONS[match['relation']]} {match['bound']}"


def _kind(match: re.Match[str]) -> str:
    return "Must be " + " or ".join(_KINDS.get(name, name) for name in match["kinds"].split(" | ") if name != "null")


_TRANSLATIONS = ((_SIZE, _size), (_BOUND, _bound), (_KIND, _kind))
