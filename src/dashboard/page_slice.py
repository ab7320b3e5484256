"""Pagination of the lists on settings pages: by default the first rows, on request pages of the whole list."""

from uuid import UUID

import msgspec

from dashboard.settings import SettingsRequest
from kit.db.paging import read_cursor
from tenants.settings_paths import SettingsSection, settings_path

FIRST_SLICE_ROWS = 10
FULL_SLICE_ROWS = 50
"""Rows of a page when the whole list is requested."""
ALL_ROWS = "all"


class PageSlice(msgspec.Struct, frozen=True):
    """The slice of one list that its section shows."""

    name: str
    """Name of the list, and of the query parameter that holds its cursor."""
    after: UUID | None
    limit: int
    slug: str
    """The organization's, for links."""

    def links(self, next_cursor: str | None, section: SettingsSection) -> "PageLinks":
        """Return the links to the rest of the list, which is on the page of ``section``."""
        is_short, page = self.limit < FULL_SLICE_ROWS, settings_path(self.slug, section)
        whole_list = f"{page}?{ALL_ROWS}={self.name}"
        return PageLinks(
            show_all=whole_list if is_short and next_cursor else "",
            older=f"{page}?{self.name}={next_cursor}" if next_cursor and not is_short else "",
            newest=whole_list if self.after is not None else "",
        )


class PageLinks(msgspec.Struct, frozen=True):
    """URLs of the rest of a list; empty where there is none."""

    show_all: str
    older: str
    newest: str


def page_slice(request: SettingsRequest, name: str) -> PageSlice:
    """Return the slice of list ``name`` that the query parameters ask for. Raises: ValidationFailed."""
    after = read_cursor(request.query_params.get(name))
    is_whole = after is not None or request.query_params.get(ALL_ROWS) == name
    return PageSlice(name, after, FULL_SLICE_ROWS if is_whole else FIRST_SLICE_ROWS, request.path_params["slug"])
