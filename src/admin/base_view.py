"""What all lists and details of the back office have in common.

sqladmin finds the views, checks access and formats values; what does not hold among a million rows, or trusts more than
it should, is done here: pages by keyset and not by offset, an estimated total and not ``count(*)``, searches that an
index answers, and only the columns that are shown.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, ClassVar, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

import sqlalchemy as sa
from sqladmin import ModelView
from sqladmin.pagination import Pagination
from sqlalchemy.orm import load_only
from starlette.exceptions import HTTPException
from starlette.requests import Request

from accounts.models import User
from admin.action_registry import actions_for_many
from admin.formatters import (
    COLUMNS,
    LABELS,
    LINKS,
    TYPES,
    linked,
    read,
)
from admin.models import StaffRole
from admin.pages import (
    frame,
    office,
    requires,
    viewer,
)
from kit.audit import record
from kit.ids import first_uuid7
from kit.text import is_valid_text
from tenants.models import Organization
from widget.models import EmbedToken

PAGE = 50
_TERM_CHARACTERS = 254
_NAMES: Mapping[str, tuple[Any, Any]] = {
    "organization": (Organization.id, Organization.name),
    "user": (User.id, User.email),
    "embed-token": (EmbedToken.id, sa.func.coalesce(sa.func.nullif(EmbedToken.label, ""), EmbedToken.prefix)),
}


class Section(NamedTuple):
    """Rows of another kind that belong to the one that is looked at."""

    title: str
    items: Sequence[tuple[str, Any, Any]] = ()
    """Address, name and a quiet word about it."""
    more: str = ""
    """Where the rest is."""
    heads: Sequence[str] = ()
    """With ``lines`` a table instead of ``items``."""
    lines: Sequence[Sequence[Any]] = ()
    note: Any = ""


class Listing(ModelView):
    """A kind of row: read here, changed by actions alone."""

    can_create = can_edit = can_delete = can_export = can_import = False
    list_template = "office/list.html"
    details_template = "office/details.html"
    column_type_formatters = TYPES
    column_type_formatters_detail = TYPES
    page_size = PAGE

    model: ClassVar[Any]
    about: ClassVar[str]
    """One sentence above the list."""
    symbol: ClassVar[str]
    at_least: ClassVar[StaffRole] = StaffRole.SUPPORT
    hint: ClassVar[str] = "An id"
    """What can be searched for."""
    exact: ClassVar[Mapping[str, Callable[[str], sa.ColumnElement[bool]]]] = {}
    """Conditions by the name of the parameter; each is answered by an index."""
    choices: ClassVar[Mapping[str, Sequence[tuple[str, str]]]] = {}
    """The values of those among ``exact`` that people choose from."""
    is_dated: ClassVar[bool] = False
    """True when people look for a day: ids begin with their time, so the list can begin anywhere."""
    exports: ClassVar[bool] = False
    """True when operators may take the rows that were found with them."""
    also: ClassVar[Sequence[str]] = ()
    """Columns that are loaded for what others show of them, and not shown themselves."""
    is_personal: ClassVar[bool] = False
    """True when whoever looks at one row leaves a line in the audit trail."""

    def __init__(self) -> None:
        mine: Any = type(self)
        shown = {*self._keys("column_list"), *self._keys("column_details_list")}
        if self._keys("column_list")[0] in LINKS:
            raise TypeError(f"{mine.__name__}: the first column is the link to the row")
        known = {key: linked for key in shown if key in LINKS} | {key: read for key in shown if key in COLUMNS}
        mine.column_formatters = known | dict(self.own_formatters())
        mine.column_formatters_detail = mine.column_formatters
        super().__init__()

    @property
    def shown(self) -> Sequence[str]:
        """The columns of the list; ids stand behind the links."""
        return [key for key in self._list_prop_names if key != "id"]

    @property
    def orders(self) -> Sequence[tuple[str, str]]:
        """What lists can be sorted by, besides their age: columns with an index of their own."""
        return [(key, self.label(key)) for key in self._sort_fields]

    def choices_for(self, request: Request) -> Mapping[str, Sequence[tuple[str, str]]]:
        """What can be chosen for the rows that are asked for."""
        return self.choices

    def label(self, key: str) -> str:
        """What a column is called."""
        return str(LABELS.get(key) or key.replace("_", " ").capitalize())

    def own_formatters(self) -> Mapping[Any, Any]:
        """Formatters of single columns, by their names."""
        return {}

    def is_accessible(self, request: Request) -> bool:
        return viewer(request).role.rank >= self.at_least.rank

    def is_visible(self, request: Request) -> bool:
        return self.is_accessible(request)

    def search(self, term: str) -> sa.ColumnElement[bool]:
        """The condition for what was typed, other than an id; answered by an index."""
        return sa.false()

    async def sections(self, request: Request, row: Any) -> Sequence[Section]:
        """What belongs to ``row``."""
        return ()

    def actions(self, request: Request, row: Any) -> Sequence[tuple[str, str]]:
        """Slug and label of what may be done to ``row`` by whoever looks."""
        return ()

    async def list(self, request: Request) -> Pagination:
        if "page" in request.query_params:
            raise HTTPException(404)
        stmt, by, is_narrowed = self.narrowed(request, PAGE + 1)
        rows = await self._run_query(stmt)
        page = rows[:PAGE]
        request.state.names = await self.names(page)
        request.state.total = None if is_narrowed else await self._estimated_total()
        request.state.older = ""
        if len(rows) > PAGE:
            query = {**request.query_params, "after": str(getattr(page[-1], by))}
            request.state.older = f"{request.scope['path']}?{urlencode(query)}"
        return Pagination(rows=page, page=1, page_size=PAGE, count=len(page))

    def narrowed(self, request: Request, most: int) -> tuple[sa.Select[Any], str, bool]:
        """At most ``most`` of what is asked for, the column of its order, and whether it is but a part of all."""
        asked = request.query_params
        by = asked.get("sortBy", "id")
        if by not in {"id", *self._sort_fields} or asked.get("sort", "desc") not in {"asc", "desc"}:
            raise HTTPException(404)
        column, descends = getattr(self.model, by), asked.get("sort", "desc" if by == "id" else "asc") == "desc"
        conditions = [make(asked[name]) for name, make in self.exact.items() if asked.get(name)]
        term = asked.get("search", "").strip()
        if term:
            usable = is_valid_text(term) and len(term) <= _TERM_CHARACTERS
            conditions.append(self._found(term) if usable else sa.false())
        if self.is_dated and (day := asked.get("until")):
            conditions.append(self.model.id < first_id_after(day))
        is_narrowed = bool(conditions)
        if after := asked.get("after"):
            place = uuid_of(after) if by == "id" else after
            conditions.append(column < place if descends else column > place)
        stmt = self._columns("column_list").where(*conditions)
        return stmt.order_by(column.desc() if descends else column.asc()).limit(most), by, is_narrowed

    def details_query(self, request: Request) -> sa.Select[Any]:
        return self._columns("column_details_list").where(self.model.id == uuid_of(request.path_params["pk"]))

    async def check_can_view_details(self, request: Request, model: Any) -> bool:
        return model is None or self.is_accessible(request)

    async def list_context(self, request: Request) -> dict[str, Any]:
        return {**frame(request), "many": actions_for_many(request, self.identity)}

    async def details_context(self, request: Request) -> dict[str, Any]:
        row = await self.get_object_for_details(request)
        if row is None:
            raise HTTPException(404)
        request.state.names = await self.names([row])
        if self.is_personal:
            await self._note_look(request, row)
        return {
            **frame(request),
            "sections": await self.sections(request, row),
            "actions": self.actions(request, row),
            "heading": self.heading(row),
        }

    def heading(self, row: Any) -> str:
        """What ``row`` is called."""
        return str(row.id)

    async def names(self, rows: Sequence[Any]) -> dict[UUID, str]:
        """What the rows are called that ``rows`` point at: one query for each kind."""
        wanted: dict[str, set[UUID]] = {}
        for row in rows:
            for column, kind in LINKS.items():
                if kind in _NAMES and (key := row.__dict__.get(column)) is not None:
                    wanted.setdefault(kind, set()).add(key)
        found: dict[UUID, str] = {}
        for kind, keys in wanted.items():
            key_column, name = _NAMES[kind]
            named = await self._run_arbitrary_query(sa.select(key_column, name).where(key_column.in_(keys)))
            found |= {row[0]: row[1] for row in named}
        return found

    async def ask(self, query: Any) -> Sequence[Any]:
        """The rows of ``query``."""
        rows: Sequence[Any] = await self._run_arbitrary_query(query)
        return rows

    async def _estimated_total(self) -> int:
        """About how many rows there are, as the planner knows it: counting them would read them all."""
        query = sa.text("SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = to_regclass(:name)")
        rows = await self._run_arbitrary_query(query.bindparams(name=f'"{self.model.__tablename__}"'))
        return int(rows[0][0])

    async def _note_look(self, request: Request, row: Any) -> None:
        who = requires(request, self.at_least)
        async with office(request).reading.tenant_session(None, who.staff_id) as session:
            name = self.in_trail(row)
            await record(session, who.actor, f"{self.identity}.viewed", subject_id=row.id, subject_name=name)

    def in_trail(self, row: Any) -> str:
        """What the audit trail, of which nothing can be erased, calls a row."""
        return self.heading(row)

    def _found(self, term: str) -> sa.ColumnElement[bool]:
        try:
            return sa.type_coerce(self.model.id == UUID(term), sa.Boolean)
        except ValueError:
            return self.search(term)

    def _columns(self, which: str) -> sa.Select[Any]:
        shown = [getattr(self.model, key) for key in (*self._keys(which), *self.also)]
        return sa.select(self.model).options(load_only(*shown, raiseload=True))

    def _keys(self, which: str) -> Sequence[str]:
        return [self._get_prop_name(item) for item in getattr(self, which)]


def uuid_of(text: str) -> UUID:
    """An id as it stands in an address. Raises: HTTPException, 404 for what is none."""
    try:
        return UUID(text)
    except ValueError as error:
        raise HTTPException(404) from error


def first_id_after(day: str) -> UUID:
    """The first id that a row of the next day, UTC, can have. Raises: HTTPException, 404 for what is no day."""
    try:
        end = datetime.combine(date.fromisoformat(day) + timedelta(days=1), time(), UTC)
        return first_uuid7(end)
    except (ValueError, OverflowError) as error:
        raise HTTPException(404) from error


def prefix(column: Any, typed: str) -> sa.ColumnElement[bool]:
    """``column`` begins with ``typed``; its index is of the kind that compares bytes."""
    return sa.type_coerce(column.startswith(typed, autoescape=True), sa.Boolean)
