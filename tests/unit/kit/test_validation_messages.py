"""Messages for people about invalid input, made from msgspec's validation errors."""

import datetime as dt
import enum
from typing import Annotated, Any
from uuid import UUID

import msgspec
import pytest

from kit.http.validation_messages import humanize


class Colour(enum.Enum):
    RED = "red"


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        (str, 1, "Must be text"),
        (str | None, 1, "Must be text"),
        (int, "x", "Must be a whole number"),
        (bool, "x", "Must be true or false"),
        (list[str], {}, "Must be a list"),
        (dict[str, str], [], "Must be an object"),
        (int | str, [], "Must be a whole number or text"),
        (Annotated[str, msgspec.Meta(max_length=64)], "x" * 65, "At most 64 characters"),
        (Annotated[str, msgspec.Meta(min_length=1)], "", "Must not be empty"),
        (Annotated[list[int], msgspec.Meta(max_length=2)], [1, 2, 3], "At most 2 items"),
        (Annotated[int, msgspec.Meta(ge=1)], 0, "Must be at least 1"),
        (Annotated[int, msgspec.Meta(le=100)], 101, "Must be at most 100"),
        (Colour, "green", "Not one of the allowed values"),
        (UUID, "x", "Not an id"),
        (dt.datetime, "x", "Give a time with its offset, for example 2026-11-22T18:00:00Z"),
    ],
)
def test_a_complaint_is_said_in_words(kind: Any, value: object, words: str) -> None:
    with pytest.raises(msgspec.ValidationError) as refused:
        msgspec.convert(value, kind)

    assert humanize(str(refused.value)) == words


def test_words_of_our_own_are_passed_on() -> None:
    assert humanize("Control characters are not allowed") == "Control characters are not allowed"
