"""How much of a list a section of the settings shows: a few rows, all of them when asked."""

from uuid import UUID

import msgspec

from dashboard.settings import SettingsRequest
from kit.db.paging import read_cursor

FIRST_SLICE_ROWS = 10
FULL_SLICE_ROWS = 50
"""Rows of a page of a list that was asked for as a whole."""
ALL_ROWS = "all"


class PageSlice(msgspec.Struct, frozen=True):
    """The rows of one list that its section shows."""

    name: str
    """Of the list; also of the query's parameter that holds the cursor."""
    after: UUID | None
    limit: int

    def links(self, next_cursor: str | None, anchor: str) -> "PageLinks":
        """The links around these rows; ``anchor`` is the section's."""
        is_short = self.limit < FULL_SLICE_ROWS
        whole = f"?{ALL_ROWS}={self.name}#{anchor}"
        return PageLinks(
            show_all=whole if is_short and next_cursor else "",
            older=f"?{self.name}={next_cursor}#{anchor}" if next_cursor and not is_short else "",
            newest=whole if self.after is not None else "",
        )


class PageLinks(msgspec.Struct, frozen=True):
    """Addresses of the rest of a list; empty where there is none."""

    show_all: str
    older: str
    newest: str


def page_slice(request: SettingsRequest, name: str) -> PageSlice:
    """The rows of the list ``name`` that the address asks for. Raises: ValidationFailed."""
    after = read_cursor(request.query_params.get(name))
    is_whole = after is not None or request.query_params.get(ALL_ROWS) == name
    return PageSlice(name, after, FULL_SLICE_ROWS if is_whole else FIRST_SLICE_ROWS)
