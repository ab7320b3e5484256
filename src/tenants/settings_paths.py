"""Paths of the settings pages: one page for each section, under ``/dashboard/<slug>/settings``."""

from enum import StrEnum


class SettingsSection(StrEnum):
    """A section of the settings, in menu order; the value is the last part of its page's path."""

    PHONE_NUMBERS = "phone-numbers"
    WIDGET = "widget"
    CALLING_RULES = "calling-rules"
    INCOMING_CALLS = "incoming-calls"
    TEAM = "team"
    API_KEYS = "api-keys"
    WEBHOOKS = "webhooks"
    HUBSPOT = "hubspot"
    ORGANIZATION = "organization"


def settings_path(slug: str, section: str, anchor: str = "") -> str:
    """Return the path of a section's page, with ``anchor`` as fragment. Raises: ValueError for an unknown section."""
    path = f"/dashboard/{slug}/settings/{SettingsSection(section)}"
    return f"{path}#{anchor}" if anchor else path
