"""The menu of the back office: groups, icons and the current entry."""

import re

import httpx
import pytest

from admin.app import VIEWS
from admin.menu import MenuEntry, MenuGroup
from admin.models import StaffRole
from kit.db.database import Database
from support.staff import StaffBrowser, make_staff, sign_in_to_back_office

pytestmark = pytest.mark.anyio


@pytest.fixture
async def admin(client: httpx.AsyncClient, database: Database) -> StaffBrowser:
    return await sign_in_to_back_office(client, await make_staff(database, StaffRole.ADMIN))


def menu_of(page: str) -> str:
    return page.split('<nav aria-label="Back office">')[1].split("</nav>", maxsplit=1)[0]


async def test_entries_are_grouped_and_each_has_its_own_icon(admin: StaffBrowser) -> None:
    menu = menu_of((await admin.client.get("/admin")).text)
    assert re.findall(r'<p class="menu-title" id="menu-\d">(.*?)</p>', menu) == [group.value for group in MenuGroup]
    entries = re.findall(r"<a [^>]*>(<svg.*?</svg>)<span>(.*?)</span></a>", menu, re.DOTALL)
    assert len(entries) > len(VIEWS)
    assert all("<path" in icon for icon, _ in entries)
    assert len({icon for icon, _ in entries}) == len(entries)
    assert not {"Outbox", "Differences", "Raised limits"} & {name for _, name in entries}


async def test_one_entry_is_current_on_each_page(admin: StaffBrowser) -> None:
    paths = {f"/admin/{view.identity}/list": view.name_plural for view in VIEWS}
    paths |= {"/admin": "Overview", "/admin/operations/pause": "Operations"}
    for path, name in paths.items():
        menu = menu_of((await admin.client.get(path)).text)
        assert re.findall(r'aria-current="page"><svg.*?</svg><span>(.*?)</span>', menu, re.DOTALL) == [name], path


def test_an_entry_is_current_on_the_pages_below_it_alone() -> None:
    entry = MenuEntry("/admin/call/list", "Calls", "phone", "/admin/call/")
    assert all(map(entry.is_current, ("/admin/call/list", "/admin/call/details/1", "/admin/call/1/do/end")))
    assert not any(map(entry.is_current, ("/admin", "/admin/carrier-day/list", "/admin/calls")))
