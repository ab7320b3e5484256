"""The menu of the back office: groups of entries, each with its icon, and the one that is current."""

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
    """The entry is current on all pages whose path begins so."""

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
"""Entries of pages that are no lists; they are the first ones of their groups."""


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
            below = f"/admin/{view.identity}/"
            entries[view.menu_group].append(MenuEntry(f"{below}list", view.name_plural, view.icon, below))
    groups = [MenuSection(group.value, found) for group, found in entries.items() if found]
    return [MenuSection("", [_HOME]), *groups]
