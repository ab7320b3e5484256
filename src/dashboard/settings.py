"""``/dashboard/<slug>/settings``: the settings page; each module registers its own section."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from sqlalchemy.ext.asyncio import AsyncSession

from dashboard.guards import requires_membership
from dashboard.pages import render
from kit.http.app_key import DATABASE
from kit.http.forms import Form
from tenants.auth import MemberAuth, current_member
from tenants.models import Role

SettingsRequest = Request[Any, Any, State]
SECTION_ORDER = (
    "phone-number",
    "embed-phone-widget",
    "calling-rules",
    "team",
    "api-keys",
    "webhooks",
    "organization",
)
"""Keys of all sections, in page order; those without a section, such as webhooks, are reserved."""


@dataclass(frozen=True, slots=True)
class Section:
    """One section of the settings page."""

    key: str
    """Its anchor; one of ``SECTION_ORDER``."""
    title: str
    template: str
    """Rendered with ``data``, which ``provide`` returned, and ``form``, the refused ``Form`` or None."""
    provide: Callable[[SettingsRequest, AsyncSession, MemberAuth], Awaitable[Mapping[str, Any]]]
    at_least: Role = Role.MEMBER
    """Lowest role that sees the section."""


@dataclass(frozen=True, slots=True)
class _RenderedSection:
    section: Section
    data: Mapping[str, Any]
    form: Form | None = field(default=None)


_sections: dict[str, Section] = {}


def register(section: Section) -> None:
    """Add a section to the page; modules call this on import."""
    if section.key not in SECTION_ORDER:
        raise ValueError(f"no such settings section: {section.key}")
    _sections[section.key] = section


async def render_settings(
    request: SettingsRequest, session: AsyncSession, *, refused: Mapping[str, Form] | None = None
) -> Response[str]:
    """Render the settings page; ``refused`` maps sections to forms that could not be saved, and makes the status 400.

    A handler whose service refused must have rolled back what it did: use ``session.begin_nested()`` around it.
    """
    who, forms = current_member(request), refused or {}
    shown = [
        _RenderedSection(section, await section.provide(request, session, who), forms.get(key))
        for key in SECTION_ORDER
        if (section := _sections.get(key)) is not None and who.role.rank >= section.at_least.rank
    ]
    return render(request, "settings/index.html", status=400 if forms else 200, sections=shown)


async def render_settings_afterwards(
    request: SettingsRequest, refused: Mapping[str, Form] | None = None
) -> Response[str]:
    """Render the settings page in a separate transaction, begun after the carrier has answered."""
    who, database = current_member(request), DATABASE.get(request.app)
    async with database.tenant_session(who.organization_id, who.actor.user_id) as session:
        return await render_settings(request, session, refused=refused)


@get("/dashboard/{slug:str}/settings", guards=[requires_membership])
async def settings_page(request: SettingsRequest, db_session: NamedDependency[AsyncSession]) -> Response[str]:
    return await render_settings(request, db_session)
