"""``/dashboard/<slug>/settings/<section>``: renders one page for each section. Each section's own module registers the
section here on import.
"""

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
    """Its anchor on the former page with all sections. A script redirects old links that have it."""
    title: str
    template: str
    """Rendered with ``data``, which ``load_context`` returned, and ``form``, the refused ``Form`` or None."""
    load_context: Callable[[SettingsRequest, AsyncSession, MemberAuth], Awaitable[Mapping[str, Any]]]
    lowest_role: Role = Role.MEMBER
    """Lowest role that sees the section."""
    has_recordings: bool = False
    """The section's page plays recordings, and records new ones."""


_sections: dict[SettingsSection, Section] = {}


def register(section: Section) -> None:
    """Add a section to the settings; each section's module calls this on import."""
    _sections[section.key] = section


async def render_settings(
    request: SettingsRequest, session: AsyncSession, key: SettingsSection, form: Form | None = None
) -> Response[str]:
    """Render the page of one section; ``form`` is a form that could not be saved, and makes the status 400.

    A service that may change rows before it refuses is called in ``session.begin_nested()``, which rolls them back.

    Raises: RoleTooLow.
    """
    member, section = current_member(request), _sections[key]
    ensure_role(member.role, section.lowest_role)
    return render(
        request,
        "settings/index.html",
        status=200 if form is None else 400,
        own_media=section.has_recordings,
        microphone=section.has_recordings,
        section=section,
        menu_sections=[
            menu_section
            for menu_key in SettingsSection
            if (menu_section := _sections.get(menu_key)) is not None
            and member.role.rank >= menu_section.lowest_role.rank
        ],
        data=await section.load_context(request, session, member),
        form=form,
    )


async def render_settings_in_new_transaction(
    request: SettingsRequest, key: SettingsSection, form: Form | None = None
) -> Response[str]:
    """Render a section's page in a new transaction, for handlers that must hold none while they ask the carrier."""
    member, database = current_member(request), DATABASE.get(request.app)
    async with database.tenant_session(member.organization_id, member.actor.user_id) as session:
        return await render_settings(request, session, key, form)


@get("/dashboard/{slug:str}/settings", guards=[requires_membership])
async def redirect_to_first_section(request: SettingsRequest, slug: FromPath[str]) -> Response[str]:
    """Redirect to the first section with the same query; the browser keeps the anchor of the URL."""
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


HANDLERS = (redirect_to_first_section, settings_page)
