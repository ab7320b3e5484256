"""Base classes of the API's request and response bodies, common field types, time format and check of texts.

The OpenAPI document shows the first of each field's ``examples``. A field whose type is an enumeration or another model
has no ``examples``: they would be added to the type itself, and so to all fields of that type.
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
TimeZoneName = Annotated[str, Meta(examples=["America/New_York"])]
"""IANA name."""
EmailAddress = Annotated[str, Meta(examples=["ann@example.com"])]
PersonName = Annotated[str, Meta(examples=["Ann Lee"])]
WebOrigin = Annotated[str, Meta(examples=["https://mysite.com"])]


class ResponseModel(msgspec.Struct, frozen=True, kw_only=True):
    """A response body. Subclasses repeat ``frozen`` and ``kw_only``, because these are not inherited."""


class RequestModel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request body; an unknown field is refused."""


class Page(ResponseModel, Generic[T], frozen=True, kw_only=True):
    """One page of a list, newest first."""

    items: list[T]
    next_cursor: Annotated[str | None, Meta(examples=[None])] = None
    """The value of ``cursor`` for the next page; None on the last page."""


def rfc3339(moment: datetime | None) -> str | None:
    """A UTC time in RFC 3339, to the second."""
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def invalid_text_errors(body: msgspec.Struct) -> list[tuple[str, str]]:
    """The fields of ``body`` whose text contains characters that cannot be stored or shown, each with a message."""

    def texts(value: Any) -> list[str]:
        if isinstance(value, str):
            return [value]
        return [text for item in value for text in texts(item)] if isinstance(value, (list, tuple)) else []

    return [
        (name, "Control characters are not allowed")
        for name in body.__struct_fields__
        if not all(is_valid_text(text) for text in texts(getattr(body, name)))
    ]
