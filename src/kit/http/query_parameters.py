"""Query parameters that every list of the API takes: the cursor, the limit and times."""

from typing import Annotated, TypeAlias

from litestar.params import FromQuery, QueryParameter

from kit.db.paging import PageQuery, read_cursor, read_limit

Moment: TypeAlias = Annotated[str | None, QueryParameter(schema_extra={"format": "date-time"})]
"""A time in a query, as ``kit.db.paging.read_moment`` reads it."""


def page_query(cursor: FromQuery[str | None] = None, limit: FromQuery[int | None] = None) -> PageQuery:
    """Read ``cursor`` and ``limit`` as every list of the API takes them. Raises: ValidationFailed."""
    return PageQuery(after=read_cursor(cursor), limit=read_limit(limit))
