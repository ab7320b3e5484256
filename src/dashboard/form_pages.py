"""Finds the page that contains a form, when the form's own URL is opened by GET, as *reload* or a bookmark does after a
refused form.
"""

from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

from litestar import Litestar
from litestar.routes import HTTPRoute
from litestar.types.internal_types import PathParameterDefinition

from kit.parsing import parse_uuid
from tenants.settings_paths import SettingsSection, settings_path

_PathComponents = Sequence[str | PathParameterDefinition]

_SECTIONS_BY_FORM: Mapping[str, SettingsSection] = {
    "addresses": SettingsSection.PHONE_NUMBERS,
    "call-data": SettingsSection.ORGANIZATION,
    "caller-id": SettingsSection.PHONE_NUMBERS,
    "embed-tokens": SettingsSection.WIDGET,
    "invitations": SettingsSection.TEAM,
    "members": SettingsSection.TEAM,
    "numbers": SettingsSection.PHONE_NUMBERS,
    "outcomes": SettingsSection.ORGANIZATION,
    "upgrade": SettingsSection.WIDGET,
    "verified-numbers": SettingsSection.PHONE_NUMBERS,
}
"""The section of each form whose URL does not begin with the section's URL, by the path segment after ``settings``."""

_NUMBER_SEARCH = ["settings", "numbers"]
"""The end of a path that answers GET only with the query of a search."""


def page_of_form(app: Litestar, path: str) -> str:
    """The page with the form that is sent to ``path``: the longest path above it that answers GET."""
    pages = tuple(_page_paths(app))
    segments = [segment for segment in path.split("/") if segment]
    for length in range(len(segments) - 1, 0, -1):
        above = segments[:length]
        if above[0] == "dashboard" and above[2:] == ["settings"]:
            section = _SECTIONS_BY_FORM.get(segments[length], SettingsSection.PHONE_NUMBERS)
            return settings_path(above[1], section)
        if above[2:] != _NUMBER_SEARCH and any(_matches(components, above) for components in pages):
            return f"/{'/'.join(above)}"
    return "/"


def _page_paths(app: Litestar) -> Iterator[_PathComponents]:
    for route in app.routes:
        if isinstance(route, HTTPRoute) and "GET" in route.methods:
            yield route.path_components


def _matches(components: _PathComponents, segments: Sequence[str]) -> bool:
    return len(components) == len(segments) and all(
        _segment_matches(component, segment) for component, segment in zip(components, segments, strict=True)
    )


def _segment_matches(component: str | PathParameterDefinition, segment: str) -> bool:
    if isinstance(component, str):
        return component == segment
    return component.type is not UUID or _is_uuid(segment)


def _is_uuid(text: str) -> bool:
    try:
        parse_uuid(text)
    except ValueError:
        return False
    return True
