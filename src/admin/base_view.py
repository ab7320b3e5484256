"""Base class of the back office's views: list, detail page and staff actions of one kind of record."""

from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

import sqlalchemy as sa
from starlette.exceptions import HTTPException
from starlette.requests import Request

from admin.actions.staff_action import StaffAction
from admin.filters import day_problem
from admin.list_view import ListView
from admin.page_helpers import back_office, layout_context, require_role, viewer
from kit import audit

_SECTION_ROWS = 5


class Section(NamedTuple):
    """A part of a detail page: related records as links, or a table."""

    title: str
    items: Sequence[tuple[str, Any, Any]] = ()
    """URL path, name and a note of each record."""
    all_href: str = ""
    """URL path of the list with all of them."""
    columns: Sequence[str] = ()
    """Column heads of a table, whose cells are ``rows``; the table replaces ``items``."""
    rows: Sequence[Sequence[Any]] = ()
    note: Any = ""
    """A text below the records or the table."""


class RecordView(ListView):
    """One kind of record: its list, its detail page and its staff actions, which alone change a record."""

    details_template = "admin/details.html"

    staff_actions: ClassVar[Sequence[StaffAction]] = ()
    is_view_audited: ClassVar[bool] = False
    """True when opening a detail page records an audit event."""

    def heading(self, row: Any) -> str:
        """The name of ``row`` above its detail page."""
        return str(row.id)

    def confirmation_name(self, row: Any) -> str:
        """The name of ``row`` on confirmation pages."""
        return self.heading(row)

    def confirmation_facts(self, row: Any) -> Sequence[tuple[str, Any]]:
        """Labels and values of ``row`` on confirmation pages, above the fields."""
        return ()

    def audit_name(self, row: Any) -> str:
        """The name of ``row`` in the audit log, which keeps it when the row is deleted."""
        return self.heading(row)

    def record_state(self, row: Any) -> str:
        """The fields of ``row`` that its actions change, as text; a form opened in another state is refused."""
        return ""

    async def sections(self, request: Request, row: Any) -> Sequence[Section]:
        """The sections below the facts of ``row``."""
        return ()

    def links(self, row: Any) -> Sequence[tuple[str, str]]:
        """URL paths and names of further pages about ``row``, shown beside its actions."""
        return ()

    def find_action(self, slug: str) -> StaffAction | None:
        """The staff action with this ``slug``."""
        return next((action for action in self.staff_actions if action.slug == slug), None)

    async def actions_for(self, request: Request, row: Any) -> Sequence[StaffAction]:
        """The actions that apply to ``row`` and that the viewer's role may run."""
        rank = viewer(request).role.rank
        return [action for action in self.staff_actions if action.role.rank <= rank and action.applies(row)]

    def bulk_actions_for(self, request: Request) -> Sequence[StaffAction]:
        """The bulk actions that the viewer's role may run."""
        rank = viewer(request).role.rank
        return [action for action in self.staff_actions if action.is_bulk and action.role.rank <= rank]

    def select_details(self, ids: Sequence[Any]) -> sa.Select[Any]:
        """The records of ``ids`` with the columns of the detail page."""
        return self._select_columns("column_details_list").where(self.model.id.in_(ids))

    def details_query(self, request: Request) -> sa.Select[Any]:
        return self.select_details([self.parse_key(request.path_params["pk"])])

    async def check_can_view_details(self, request: Request, model: Any) -> bool:
        return model is None or self.is_accessible(request)

    async def list_context(self, request: Request) -> dict[str, Any]:
        return {
            **layout_context(request),
            "bulk_actions": self.bulk_actions_for(request),
            "until_problem": day_problem(request.query_params.get("until", "")) if self.has_date_filter else "",
            "hidden_filters": await self.hidden_filters(request),
        }

    async def details_context(self, request: Request) -> dict[str, Any]:
        row = await self.get_object_for_details(request)
        if row is None:
            raise HTTPException(404)
        request.state.names = await self.related_names([row])
        if self.is_view_audited:
            await self._record_viewing(request, row)
        return {
            **layout_context(request),
            "sections": await self.sections(request, row),
            "actions": await self.actions_for(request, row),
            "links": self.links(row),
            "heading": self.heading(row),
        }

    async def _record_viewing(self, request: Request, row: Any) -> None:
        staff_viewer = require_role(request, self.minimum_role)
        async with back_office(request).staff_database.tenant_session(None, staff_viewer.staff_id) as session:
            action, name = f"{self.identity}.viewed", self.audit_name(row)
            await audit.record(session, staff_viewer.actor, action, subject_id=row.id, subject_name=name)


def newest_rows(query: Any, model: Any) -> Any:
    """The newest few rows of ``query``, for a section of a detail page."""
    return query.order_by(model.id.desc()).limit(_SECTION_ROWS)


def find_view(request: Request, identity: str) -> RecordView | None:
    """The view whose pages are below ``/admin/<identity>``."""
    views: Sequence[Any] = request.state.templates.globals["views"]
    return next((view for view in views if isinstance(view, RecordView) and view.identity == identity), None)
