"""The menu of the back office: groups of entries with their icons, and the test for the current entry."""

import enum
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from starlette.requests import Request

ACCOUNT_PATH = "/admin/account"


class MenuGroup(enum.StrEnum):
    """Groups of the menu, in their order; the value is the title."""

    CUSTOMERS = "Customers"
    CALLS = "Calls"
    MONEY = "Money and limits"
    CARRIER = "Carrier"
    SYSTEM = "System"


class MenuEntry(NamedTuple):
    """A link of the menu."""

    href: str
    name: str
    icon: str
    prefix: str
    """The entry is current on all pages whose path begins with this text; empty for no further pages."""

    def is_current(self, path: str) -> bool:
        """True when ``path`` is one of this entry's pages."""
        return path == self.href or (bool(self.prefix) and f"{path}/".startswith(self.prefix))


class MenuSection(NamedTuple):
    """A group with the entries that the viewer may open."""

    title: str
    """Empty for the entries above all groups."""
    entries: Sequence[MenuEntry]


_HOME = MenuEntry("/admin", "Overview", "overview", "")
_PAGES: Sequence[tuple[MenuGroup, MenuEntry]] = (
    (MenuGroup.CALLS, MenuEntry("/admin/refusals", "Why was this refused", "refused", "/admin/refusals/")),
    (MenuGroup.SYSTEM, MenuEntry("/admin/operations", "Operations", "operations", "/admin/operations/")),
)
"""Entries of pages that are not lists; they come first in their groups."""


def account_entry(email: str) -> MenuEntry:
    """The entry of the viewer's own account."""
    return MenuEntry(ACCOUNT_PATH, email, "account", f"{ACCOUNT_PATH}/")


def build_menu(views: Iterable[Any], request: Request) -> Sequence[MenuSection]:
    """The groups with the pages and the lists of ``views`` that the viewer may open; empty groups are left out."""
    entries: dict[MenuGroup, list[MenuEntry]] = {group: [] for group in MenuGroup}
    for group, entry in _PAGES:
        entries[group].append(entry)
    for view in views:
        if view.is_visible(request):
            prefix = f"/admin/{view.identity}/"
            entries[view.menu_group].append(MenuEntry(f"{prefix}list", view.name_plural, view.icon, prefix))
    groups = [MenuSection(group.value, group_entries) for group, group_entries in entries.items() if group_entries]
    return [MenuSection("", [_HOME]), *groups]
