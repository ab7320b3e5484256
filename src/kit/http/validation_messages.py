"""Translates msgspec's validation errors into sentences for people."""

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
_WHOLE = {
    "Invalid UUID": "Not an id",
    "Invalid RFC3339 encoded datetime": "Give a time with its offset, for example 2026-11-22T18:00:00Z",
    "Invalid RFC3339 encoded date": "Give a date, for example 2026-11-22",
}


def humanize(complaint: str) -> str:
    """Say ``complaint``, a message of ``msgspec.ValidationError`` without its path, in words.

    One that is not known is passed on as it is; so are those of our own types, which are words already.
    """
    if complaint in _WHOLE:
        return _WHOLE[complaint]
    if complaint.startswith("Invalid enum value"):
        return "Not one of the values that this takes"
    for pattern, say in _SAYINGS:
        if found := pattern.match(complaint):
            return say(found)
    return complaint


def _size(found: re.Match[str]) -> str:
    if found["relation"] == ">=" and found["bound"] == "1":
        return "Must not be empty"
    return f"{_RELATIONS[found['relation']].capitalize()} {found['bound']} {_UNITS.get(found['kind'], 'long')}"


def _bound(found: re.Match[str]) -> str:
    return f"Must be {_RELATIONS[found['relation']]} {found['bound']}"


def _kind(found: re.Match[str]) -> str:
    return "Must be " + " or ".join(_KINDS.get(name, name) for name in found["kinds"].split(" | ") if name != "null")


_SAYINGS = ((_SIZE, _size), (_BOUND, _bound), (_KIND, _kind))
