"""Base class of the back office's lists.

sqladmin finds the views, checks access and formats values. This class replaces what does not scale to a million rows or
would expose more than the page shows: it pages by keyset instead of offset, estimates totals instead of counting,
searches only where an index answers, and loads only the columns that are shown.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

import sqlalchemy as sa
from sqladmin import ModelView
from sqladmin.models import ModelViewMeta
from sqladmin.pagination import Pagination
from sqlalchemy.orm import load_only
from starlette.exceptions import HTTPException
from starlette.requests import Request

from accounts.models import User
from admin.event_details import format_details
from admin.filters import day_problem, first_id_after_day, parse_id
from admin.formatters import (
    COLUMN_FORMATTERS,
    COLUMN_LABELS,
    LINK_COLUMNS,
    TYPE_FORMATTERS,
    format_column,
    format_link,
)
from admin.menu import MenuGroup
from admin.models import StaffRole
from admin.page_helpers import viewer
from kit.text import is_valid_text
from tenants.models import Organization
from widget.models import EmbedToken

PAGE_ROWS = 50
_MAX_SEARCH_CHARACTERS = 254
_VALUE_FORMATTERS = {**TYPE_FORMATTERS, dict: format_details}
_LINK_NAMES: Mapping[str, tuple[Any, Any]] = {
    "organization": (Organization.id, Organization.name),
    "user": (User.id, User.email),
    "embed-token": (EmbedToken.id, sa.func.coalesce(sa.func.nullif(EmbedToken.label, ""), EmbedToken.prefix)),
}


class ListQuery(NamedTuple):
    """The statement behind one page of a list."""

    statement: sa.Select[Any]
    sorted_by: str
    """The column of its order."""
    is_filtered: bool
    """True when a filter or a search restricts the records."""


class RecordViewMeta(ModelViewMeta):
    """Keeps a view's own ``identity``, which is part of URLs; sqladmin would derive it from the model's class name."""

    def __new__(cls, name: str, bases: tuple[type, ...], attributes: dict[str, Any], **kwargs: Any) -> Any:
        view = super().__new__(cls, name, bases, attributes, **kwargs)
        if "identity" in attributes:
            view.identity = attributes["identity"]
        return view


class ListView(ModelView, metaclass=RecordViewMeta):
    """The list of one kind of record; read-only."""

    can_create = can_edit = can_delete = can_export = can_import = False
    list_template = "admin/list.html"
    column_type_formatters = _VALUE_FORMATTERS
    column_type_formatters_detail = _VALUE_FORMATTERS
    page_size = PAGE_ROWS

    model: ClassVar[Any]
    description: ClassVar[str]
    """A sentence above the list."""
    menu_group: ClassVar[MenuGroup]
    icon: ClassVar[str]
    """Name of the icon in the menu, where each entry has its own."""
    minimum_role: ClassVar[StaffRole] = StaffRole.SUPPORT
    search_label: ClassVar[str] = "ID"
    """Label of the search field, which lists what can be searched for."""
    no_match_text: ClassVar[str] = ""
    """Text of an empty result; if empty, a sentence that repeats ``search_label`` is shown."""
    empty_text: ClassVar[str] = "New records appear here."
    filters: ClassVar[Mapping[str, Callable[[str], sa.ColumnElement[bool]]]] = {}
    """Functions that make a condition from a query parameter, by its name; an index must answer the condition."""
    filter_options: ClassVar[Mapping[str, Sequence[tuple[str, str]]]] = {}
    """Value and label of each option, for the ``filters`` that are shown as selects."""
    has_date_filter: ClassVar[bool] = False
    """True when the list can start at a chosen day; ids begin with their time, so the primary key answers it."""
    is_exportable: ClassVar[bool] = False
    """True when operators may export the rows as CSV."""
    extra_columns: ClassVar[Sequence[str]] = ()
    """Columns that formatters need but that are not shown."""

    def __init__(self) -> None:
        cls: Any = type(self)
        columns = {*self._column_names("column_list"), *self._column_names("column_details_list")}
        if self._column_names("column_list")[0] in LINK_COLUMNS:
            raise TypeError(f"{cls.__name__}: the first column is the link to the record")
        defaults: dict[Any, Any] = {key: format_link for key in columns if key in LINK_COLUMNS}
        defaults |= {key: format_column for key in columns if key in COLUMN_FORMATTERS}
        cls.column_formatters = defaults | dict(self.formatters())
        cls.column_formatters_detail = cls.column_formatters
        super().__init__()

    @property
    def list_columns(self) -> Sequence[str]:
        """The columns that the list shows; ids are in the links."""
        return [key for key in self._list_prop_names if key != "id"]

    @property
    def sort_options(self) -> Sequence[tuple[str, str]]:
        """Columns that the list can be sorted by, besides age; each has an index."""
        return [(key, self.label(key)) for key in self._sort_fields]

    def filter_options_for(self, request: Request) -> Mapping[str, Sequence[tuple[str, str]]]:
        """The selects above the requested list: values and labels by filter name."""
        return self.filter_options

    def label(self, key: str) -> str:
        """The label of a column."""
        return str(COLUMN_LABELS.get(key) or key.replace("_", " ").capitalize())

    def formatters(self) -> Mapping[Any, Any]:
        """This view's own column formatters, by column name."""
        return {}

    def is_accessible(self, request: Request) -> bool:
        return viewer(request).role.rank >= self.minimum_role.rank

    def is_visible(self, request: Request) -> bool:
        return self.is_accessible(request)

    def search(self, term: str) -> sa.ColumnElement[bool]:
        """The condition for a search term that is not an id; an index must answer it."""
        return sa.false()

    def parse_key(self, text: str) -> Any:
        """Parse a primary key from a URL. Raises: HTTPException, 404 when ``text`` is none."""
        return parse_id(text)

    async def list(self, request: Request) -> Pagination:
        if "page" in request.query_params:
            raise HTTPException(404)
        query = self.build_query(request, PAGE_ROWS + 1)
        rows = await self._run_query(query.statement)
        page = rows[:PAGE_ROWS]
        request.state.names = await self.related_names(page)
        request.state.is_filtered = query.is_filtered
        request.state.total = None if query.is_filtered else await self._estimated_total()
        request.state.older_url = ""
        if len(rows) > PAGE_ROWS:
            parameters = {**request.query_params, "after": str(getattr(page[-1], query.sorted_by))}
            request.state.older_url = f"{request.scope['path']}?{urlencode(parameters)}"
        return Pagination(rows=page, page=1, page_size=PAGE_ROWS, count=len(page))

    def build_query(self, request: Request, limit: int) -> ListQuery:
        """The requested part of the list, at most ``limit`` rows. Raises: HTTPException, 404 for bad parameters."""
        parameters = request.query_params
        # The form sends its empty fields too.
        sorted_by = parameters.get("sortBy") or "id"
        direction = parameters.get("sort") or ("desc" if sorted_by == "id" else "asc")
        if sorted_by not in {"id", *self._sort_fields} or direction not in {"asc", "desc"}:
            raise HTTPException(404)
        column, is_descending = getattr(self.model, sorted_by), direction == "desc"
        conditions = [make(parameters[name]) for name, make in self.filters.items() if parameters.get(name)]
        term = parameters.get("search", "").strip()
        if term:
            is_usable = is_valid_text(term) and len(term) <= _MAX_SEARCH_CHARACTERS
            conditions.append(self._search_condition(term) if is_usable else sa.false())
        if self.has_date_filter and (day := parameters.get("until")):
            conditions.append(sa.false() if day_problem(day) else self.model.id < first_id_after_day(day))
        is_filtered = bool(conditions)
        if after := parameters.get("after"):
            last = self.parse_key(after) if sorted_by == "id" else after
            conditions.append(column < last if is_descending else column > last)
        statement = self._select_columns("column_list").where(*conditions)
        statement = statement.order_by(column.desc() if is_descending else column.asc()).limit(limit)
        return ListQuery(statement, sorted_by, is_filtered)

    async def related_names(self, rows: Sequence[Any]) -> dict[UUID, str]:
        """The names of the records that ``rows`` link to, by id; one query for each kind."""
        keys_by_kind: dict[str, set[UUID]] = {}
        for row in rows:
            for column, kind in LINK_COLUMNS.items():
                if kind in _LINK_NAMES and (key := row.__dict__.get(column)) is not None:
                    keys_by_kind.setdefault(kind, set()).add(key)
        names: dict[UUID, str] = {}
        for kind, keys in keys_by_kind.items():
            key_column, name = _LINK_NAMES[kind]
            records = await self._run_arbitrary_query(sa.select(key_column, name).where(key_column.in_(keys)))
            names |= {record[0]: record[1] for record in records}
        return names

    async def hidden_filters(self, request: Request) -> Sequence[tuple[str, str, str]]:
        """The filters in the URL without a form field: label, name of the value, URL of the list without the filter."""
        chosen = {name: request.query_params.get(name, "") for name in self.filters}
        ids = {
            name: parse_id(text) for name, text in chosen.items() if text and LINK_COLUMNS.get(name, "") in _LINK_NAMES
        }
        found = []
        for name, record_id in ids.items():
            key_column, name_column = _LINK_NAMES[LINK_COLUMNS[name]]
            rows = await self._run_arbitrary_query(sa.select(name_column).where(key_column == record_id))
            rest = urlencode(
                {other: text for other, text in request.query_params.items() if other not in {name, "after"}}
            )
            path = request.scope["path"]
            found.append((self.label(name), str(rows[0][0] if rows else record_id), f"{path}?{rest}" if rest else path))
        return found

    async def fetch(self, query: Any) -> Sequence[Any]:
        """The rows of ``query``."""
        rows: Sequence[Any] = await self._run_arbitrary_query(query)
        return rows

    async def _estimated_total(self) -> int:
        """The planner's estimate of the number of rows; counting would read them all."""
        query = sa.text("SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = to_regclass(:name)")
        rows = await self._run_arbitrary_query(query.bindparams(name=f'"{self.model.__tablename__}"'))
        return int(rows[0][0])

    def _search_condition(self, term: str) -> sa.ColumnElement[bool]:
        try:
            return sa.type_coerce(self.model.id == self.parse_key(term), sa.Boolean)
        except HTTPException:
            return self.search(term)

    def _select_columns(self, attribute: str) -> sa.Select[Any]:
        """Select the columns that the view lists in ``attribute``, and ``extra_columns``."""
        columns = [getattr(self.model, key) for key in (*self._column_names(attribute), *self.extra_columns)]
        return sa.select(self.model).options(load_only(*columns, raiseload=True))

    def _column_names(self, attribute: str) -> Sequence[str]:
        return [self._get_prop_name(item) for item in getattr(self, attribute)]
