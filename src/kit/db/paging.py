"""Keyset pagination of lists: parses cursors, limits and the times in filters. Every page costs the same."""

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Protocol, TypeVar
from uuid import UUID

import msgspec

from kit.db.model import Base
from kit.errors import ValidationFailed
from kit.schemas import Page

MAX_LIMIT = 100
DEFAULT_LIMIT = 50
_MOMENT_HINT = "Give a time with its offset, for example 2026-11-22T18:00:00Z"


class Identified(Protocol):
    """An object that a page lists in place of a row, with the row's id."""

    @property
    def id(self) -> UUID: ...


Row = TypeVar("Row", bound=Base | Identified)
Info = TypeVar("Info")


def cursor_after(row_id: UUID) -> str:
    """Encode the cursor of the page that begins after ``row_id``."""
    return base64.urlsafe_b64encode(row_id.bytes).rstrip(b"=").decode()


def read_cursor(cursor: str | None) -> UUID | None:
    """Decode a cursor to the id of the row before the page. Raises: ValidationFailed."""
    if cursor is None:
        return None
    try:
        return UUID(bytes=base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError) as error:
        raise ValidationFailed([("cursor", "Not a cursor: use next_cursor of the page before")]) from error


def read_limit(limit: int | None) -> int:
    """Check the number of rows of a page; None is the default. Raises: ValidationFailed."""
    if limit is None:
        return DEFAULT_LIMIT
    if not 1 <= limit <= MAX_LIMIT:
        raise ValidationFailed([("limit", f"Must be from 1 to {MAX_LIMIT}")])
    return limit


def read_moment(field: str, moment: str | None) -> datetime | None:
    """Parse an RFC 3339 time of a list's filter; it must have an offset. Raises: ValidationFailed."""
    if moment is None:
        return None
    try:
        # Strict: Litestar would parse "2026" as a number of seconds since 1970.
        parsed = msgspec.convert(moment, datetime)
        if parsed.tzinfo is None:
            raise ValidationFailed([(field, _MOMENT_HINT)])
        return parsed.astimezone(UTC)
    except msgspec.ValidationError as error:
        raise ValidationFailed([(field, _MOMENT_HINT)]) from error
    except OverflowError as error:
        raise ValidationFailed([(field, "This time is too early or too late")]) from error


def split_page(rows: Sequence[Row], limit: int) -> tuple[list[Row], str | None]:
    """Split up to ``limit`` + 1 rows into the rows of the page and the cursor of the next page."""
    page = list(rows[:limit])
    return page, cursor_after(page[-1].id) if len(rows) > limit else None


class PageQuery(msgspec.Struct, frozen=True):
    """The page of a list that a request selects."""

    after: UUID | None
    limit: int

    def to_page(self, rows: Sequence[Row], info: Callable[[Row], Info]) -> Page[Info]:
        """Build the response from up to ``limit`` + 1 rows; ``info`` makes an item of a row."""
        page, next_cursor = split_page(rows, self.limit)
        return Page(items=[info(row) for row in page], next_cursor=next_cursor)
