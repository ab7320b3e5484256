"""``/dashboard/<slug>/settings/<section>``: one page for each section; each module registers its own."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from dashboard.guards import requires_membership
from dashboard.pages import is_own_path, redirect, render
from kit.http.app_key import DATABASE
from kit.http.forms import Form
from tenants.auth import MemberAuth, current_member
from tenants.models import Role
from tenants.rules import ensure_role
from tenants.settings_paths import SettingsSection, settings_path

SettingsRequest = Request[Any, Any, State]


@dataclass(frozen=True, slots=True)
class Section:
    """One section of the settings, a page of its own."""

    key: SettingsSection
    anchor: str
    """Its anchor on the page that held all sections before; old links with it are redirected by a script."""
    title: str
    template: str
    """Rendered with ``data``, which ``provide`` returned, and ``form``, the refused ``Form`` or None."""
    provide: Callable[[SettingsRequest, AsyncSession, MemberAuth], Awaitable[Mapping[str, Any]]]
    at_least: Role = Role.MEMBER
    """Lowest role that sees the section."""
    has_recordings: bool = False
    """The section plays recordings, and records new ones."""


_sections: dict[SettingsSection, Section] = {}


def register(section: Section) -> None:
    """Add a section to the menu; modules call this on import."""
    _sections[section.key] = section


async def render_settings(
    request: SettingsRequest, session: AsyncSession, key: SettingsSection, form: Form | None = None
) -> Response[str]:
    """Render the page of one section; ``form`` is one that could not be saved, and makes the status 400.

    A handler whose service refused must have rolled back what it did: use ``session.begin_nested()`` around it.

    Raises: RoleTooLow.
    """
    who, shown = current_member(request), _sections[key]
    ensure_role(who.role, shown.at_least)
    return render(
        request,
        "settings/index.html",
        status=200 if form is None else 400,
        own_media=shown.has_recordings,
        microphone=shown.has_recordings,
        shown=shown,
        sections=[
            section
            for each in SettingsSection
            if (section := _sections.get(each)) is not None and who.role.rank >= section.at_least.rank
        ],
        data=await shown.provide(request, session, who),
        form=form,
    )


async def render_settings_afterwards(
    request: SettingsRequest, key: SettingsSection, form: Form | None = None
) -> Response[str]:
    """Render a section's page in a separate transaction, begun after the carrier has answered."""
    who, database = current_member(request), DATABASE.get(request.app)
    async with database.tenant_session(who.organization_id, who.actor.user_id) as session:
        return await render_settings(request, session, key, form)


@get("/dashboard/{slug:str}/settings", guards=[requires_membership])
async def settings_start(request: SettingsRequest, slug: FromPath[str]) -> Response[str]:
    """Redirect to the first section with the same query; the browser keeps an anchor."""
    query = request.scope["query_string"].decode("latin-1")
    path = settings_path(slug, next(iter(SettingsSection)))
    with_query = f"{path}?{query}"
    return redirect(request, with_query if query and is_own_path(with_query) else path)


@get(
    [f"/dashboard/{{slug:str}}/settings/{section}" for section in SettingsSection],
    guards=[requires_membership],
)
async def settings_page(request: SettingsRequest, db_session: NamedDependency[AsyncSession]) -> Response[str]:
    key = SettingsSection(request.scope["path"].rstrip("/").rpartition("/")[2])
    return await render_settings(request, db_session, key)


HANDLERS = (settings_start, settings_page)
