"""Base classes of wire types: ``RequestModel`` for what comes in, ``ResponseModel`` for what goes out."""

from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec

from kit.text import is_valid_text

T = TypeVar("T")


class ResponseModel(msgspec.Struct, frozen=True, kw_only=True):
    """Something we answer with. Subclasses repeat ``frozen`` and ``kw_only``: neither is inherited for their fields."""


class RequestModel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something we are asked to do; a field we do not know is refused."""


class Page(ResponseModel, Generic[T], frozen=True, kw_only=True):
    """One page of a list, newest first."""

    items: list[T]
    next_cursor: str | None = None
    """Give it back as ``cursor`` for the page after this one; None on the last."""


def rfc3339(moment: datetime | None) -> str | None:
    """A UTC time as the contract writes it, to the second."""
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def invalid_text_errors(command: msgspec.Struct) -> list[tuple[str, str]]:
    """The text fields of ``command`` that PostgreSQL could not hold or that hide characters, each with a sentence."""

    def texts(value: Any) -> list[str]:
        if isinstance(value, str):
            return [value]
        return [text for item in value for text in texts(item)] if isinstance(value, (list, tuple)) else []

    return [
        (name, "Control characters are not allowed")
        for name in command.__struct_fields__
        if not all(is_valid_text(text) for text in texts(getattr(command, name)))
    ]
