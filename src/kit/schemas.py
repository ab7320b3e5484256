"""Base classes of wire types, and the types of fields that many of them share.

``RequestModel`` is for what comes in, ``ResponseModel`` for what goes out. The OpenAPI document shows the first of each
field's ``examples``. A field needs none if its type is an enumeration or another wire type: examples would be put on
that type, for all its fields.
"""

from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

import msgspec
from msgspec import Meta

from kit.text import is_valid_text

T = TypeVar("T")

ResourceId = Annotated[UUID, Meta(examples=["01997f3e-5c1a-7b3e-9d2f-3a5c8e7f1b24"])]
Timestamp = Annotated[str, Meta(examples=["2026-11-22T18:00:00Z"])]
"""RFC 3339, UTC, to the second."""
E164Number = Annotated[str, Meta(examples=["+14155550100"])]
CountryCode = Annotated[str, Meta(examples=["US"])]
"""ISO 3166, two letters."""
EmailAddress = Annotated[str, Meta(examples=["ann@example.com"])]
PersonName = Annotated[str, Meta(examples=["Ann Lee"])]
WebOrigin = Annotated[str, Meta(examples=["https://mysite.com"])]


class ResponseModel(msgspec.Struct, frozen=True, kw_only=True):
    """Something we answer with. Subclasses repeat ``frozen`` and ``kw_only``: neither is inherited for their fields."""


class RequestModel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something we are asked to do; a field we do not know is refused."""


class Page(ResponseModel, Generic[T], frozen=True, kw_only=True):
    """One page of a list, newest first."""

    items: list[T]
    next_cursor: Annotated[str | None, Meta(examples=[None])] = None
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
