"""The forms above the back office's lists, sent as a browser sends them, and the notices above the lists."""

import re
import secrets
from html import unescape
from urllib.parse import urlencode

import httpx
import pytest

from admin.app import VIEWS
from admin.models import StaffRole
from kit.db.database import Database
from support.factories import Factory
from support.staff import StaffBrowser, make_staff, perform_action, post, sign_in_to_back_office

pytestmark = pytest.mark.anyio
_FORM = re.compile(r'<form class="filters" method="(\w+)" action="([^"]+)".*?</form>', re.DOTALL)
_INPUT = re.compile(r'<input [^>]*?name="(\w+)"[^>]*?value="([^"]*)"')
_SELECT = re.compile(r'<select [^>]*?name="(\w+)"[^>]*>(.*?)</select>', re.DOTALL)
_OPTION = re.compile(r'<option value="([^"]*)"')


@pytest.fixture
async def admin(client: httpx.AsyncClient, database: Database) -> StaffBrowser:
    return await sign_in_to_back_office(client, await make_staff(database, StaffRole.ADMIN))


async def send_filters(colleague: StaffBrowser, page: str, **entered: str) -> httpx.Response:
    """Send the form of a list with all of its fields, the empty ones too; a select sends its first option."""
    found = _FORM.search(page)
    assert found is not None, page
    fields = {name: unescape(value) for name, value in _INPUT.findall(found[0])}
    fields |= {name: unescape(_OPTION.findall(options)[0]) for name, options in _SELECT.findall(found[0])}
    assert set(entered) <= set(fields), fields
    fields |= entered
    if found[1] == "post":
        answer = await post(colleague.client, found[2], **fields)
        return await colleague.client.get(answer.headers["location"])
    return await colleague.client.get(f"{found[2]}?{urlencode(fields)}")


async def test_the_form_of_each_list_can_be_sent_as_it_is(admin: StaffBrowser) -> None:
    for view in VIEWS:
        page = (await admin.client.get(f"/admin/{view.identity}/list")).text
        answer = await send_filters(admin, page)
        assert answer.status_code == 200, view.identity


async def test_a_name_is_found_with_the_form(admin: StaffBrowser, make: Factory) -> None:
    tenant = await make.tenant(name=f"Sought {secrets.token_hex(6)}")
    page = (await admin.client.get("/admin/organization/list")).text
    assert tenant.organization.slug in (await send_filters(admin, page, search=tenant.organization.name)).text
    page = (await admin.client.get("/admin/user/list")).text
    assert tenant.owner.email in (await send_filters(admin, page, search=tenant.owner.email)).text


async def test_a_notice_is_shown_once_on_lists_and_detail_pages(admin: StaffBrowser, make: Factory) -> None:
    organization = (await make.tenant(name=f"Noticed {secrets.token_hex(6)}")).organization
    details, notice = f"/admin/organization/details/{organization.id}", f"{organization.name} is suspended."
    await perform_action(admin, f"/admin/organization/{organization.id}/do/suspend", reason="Because")
    assert notice in (await admin.client.get(details)).text
    assert notice not in (await admin.client.get(details)).text
    assert (await admin.client.get("/admin/embed-token/many/revoke")).status_code == 303
    assert "Select at least one row" in (await admin.client.get("/admin/embed-token/list")).text
    assert "Select at least one row" not in (await admin.client.get("/admin/embed-token/list")).text


@pytest.mark.parametrize(
    ("identity", "field", "label"), [("audit-event", "day", "Day (UTC)"), ("call", "until", "Until day (UTC)")]
)
async def test_a_far_day_is_refused_beside_its_field(
    admin: StaffBrowser, identity: str, field: str, label: str
) -> None:
    page = (await admin.client.get(f"/admin/{identity}/list")).text
    for day in ("9999-12-31", "0001-01-01", "1969-12-31"):
        answer = await send_filters(admin, page, **{field: day})
        assert answer.status_code == 200, day
        [part] = re.findall(rf'<label for="f-{field}">{re.escape(label)}</label>.*?</div>', answer.text, re.DOTALL)
        assert f'value="{day}"' in part
        assert "Choose a day from 2000-01-01 to 2099-12-31." in part


async def test_a_filter_that_means_nothing_alone_shows_no_event(admin: StaffBrowser) -> None:
    page = (await admin.client.get("/admin/audit-event/list")).text
    answer = (await send_filters(admin, page, person="nobody")).text
    assert "Person: no e-mail starts like this. No event is shown." in answer
    assert "The other filters" not in answer
    assert "/admin/audit-event/details/" not in answer


async def test_an_empty_result_says_what_the_search_takes(admin: StaffBrowser) -> None:
    for view in VIEWS:
        path = f"/admin/{view.identity}/list"
        page = unescape((await admin.client.get(path, params={"search": "nothing has this name"})).text)
        if view.identity != "audit-event":
            assert f"This search takes: {view.search_label}." in page, view.identity
