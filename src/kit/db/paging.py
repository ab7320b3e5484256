"""Keyset pagination: cursors and limits; each page of a list costs the same at any depth."""

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

import msgspec

from kit.db.model import Base
from kit.errors import ValidationFailed
from kit.schemas import Page

MAX_LIMIT = 100
DEFAULT_LIMIT = 50
_A_MOMENT = "Give a time with its offset, for example 2026-11-22T18:00:00Z"
Row = TypeVar("Row", bound=Base)
Info = TypeVar("Info")


def cursor_after(row_id: UUID) -> str:
    """The cursor of the page that begins after ``row_id``."""
    return base64.urlsafe_b64encode(row_id.bytes).rstrip(b"=").decode()


def read_cursor(cursor: str | None) -> UUID | None:
    """The row that a cursor stands for. Raises: ValidationFailed."""
    if cursor is None:
        return None
    try:
        return UUID(bytes=base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError) as error:
        raise ValidationFailed([("cursor", "Not a cursor: use next_cursor of the page before")]) from error


def read_limit(limit: int | None) -> int:
    """How many rows a page may have. Raises: ValidationFailed."""
    if limit is None:
        return DEFAULT_LIMIT
    if not 1 <= limit <= MAX_LIMIT:
        raise ValidationFailed([("limit", f"Must be from 1 to {MAX_LIMIT}")])
    return limit


def read_moment(field: str, moment: str | None) -> datetime | None:
    """A time that narrows a list, by RFC 3339; one without an offset is not guessed at. Raises: ValidationFailed."""
    if moment is None:
        return None
    try:
        # Strict: the framework's own reading takes "2026" for a second of 1970.
        told = msgspec.convert(moment, datetime)
        if told.tzinfo is None:
            raise ValidationFailed([(field, _A_MOMENT)])
        return told.astimezone(UTC)
    except msgspec.ValidationError as error:
        raise ValidationFailed([(field, _A_MOMENT)]) from error
    except OverflowError as error:
        raise ValidationFailed([(field, "That is before or after all time there is")]) from error


def split_page(rows: Sequence[Row], limit: int) -> tuple[list[Row], str | None]:
    """Cut ``limit`` + 1 rows, as read, to a page and the cursor of the next one."""
    page = list(rows[:limit])
    return page, cursor_after(page[-1].id) if len(rows) > limit else None


class PageQuery(msgspec.Struct, frozen=True):
    """The page of a list that a request asks for."""

    after: UUID | None
    limit: int

    def answer(self, rows: Sequence[Row], info: Callable[[Row], Info]) -> Page[Info]:
        """The page of ``limit`` + 1 rows, as read."""
        page, next_cursor = split_page(rows, self.limit)
        return Page(items=[info(row) for row in page], next_cursor=next_cursor)
