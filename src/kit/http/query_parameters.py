"""Query parameters of the API's lists: cursor, limit, and the type of the times in filters."""

from typing import Annotated, TypeAlias

from litestar.params import FromQuery, QueryParameter

from kit.db.paging import PageQuery, read_cursor, read_limit

Moment: TypeAlias = Annotated[str | None, QueryParameter(schema_extra={"format": "date-time"})]
"""A time in a query; ``kit.db.paging.read_moment`` parses it."""


def page_query(cursor: FromQuery[str | None] = None, limit: FromQuery[int | None] = None) -> PageQuery:
    """Parse ``cursor`` and ``limit``. Raises: ValidationFailed."""
    return PageQuery(after=read_cursor(cursor), limit=read_limit(limit))
