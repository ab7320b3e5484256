"""Makes staff and signs them in to the back office."""

import itertools
import re
import time
from dataclasses import dataclass
from urllib.parse import urlencode

import httpx
import pyotp

from admin.models import Staff, StaffRole
from conftest import PUBLIC_URL
from kit.clock import utc_now
from kit.db.database import Database
from support.passwords import PASSWORD, PASSWORD_HASH

SAME_ORIGIN = {"Origin": PUBLIC_URL, "Sec-Fetch-Site": "same-origin"}
FOREIGN: tuple[dict[str, str], ...] = (
    {},
    {"Origin": "https://evil.example"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "none"},
    {"Origin": "null"},
    {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"},
    {"Origin": PUBLIC_URL, "Sec-Fetch-Site": "cross-site"},
)
"""Headers of forms on other sites, and of requests that do not name their source."""
_SECRET = re.compile(r'id="secret" value="([A-Z2-7 ]+)"')
SEEN = re.compile(r'name="seen" value="([^"]*)"')
"""The state of the record, on a confirmation page."""
_serial = itertools.count(1)


@dataclass
class StaffBrowser:
    """The browser of a staff member, with the secret of the authenticator app."""

    email: str
    client: httpx.AsyncClient
    secret: str = ""

    def code(self, *, steps: int = 0) -> str:
        """The authenticator app's code, ``steps`` steps of 30 seconds from now."""
        return pyotp.TOTP(self.secret).at(int(time.time()) + 30 * steps)


async def perform_action(colleague: StaffBrowser, path: str, *, reason: str, **fields: str) -> httpx.Response:
    """Open the confirmation page of a staff action at ``path``, and submit it with a reason."""
    page = await colleague.client.get(path)
    assert page.status_code == 200, page.text
    seen = SEEN.search(page.text)
    assert seen is not None
    return await post(colleague.client, path, **{"seen": seen[1], "reason": reason, **fields})


async def make_staff(database: Database, role: StaffRole) -> Staff:
    """Make a staff account with a password and no second factor yet."""
    async with database.sessions() as session, session.begin():
        staff = Staff(
            email=f"staff-{next(_serial)}@example.com",
            role=role,
            password_hash=PASSWORD_HASH,
            joined_at=utc_now(),
        )
        session.add(staff)
    return staff


async def post(client: httpx.AsyncClient, path: str, **fields: str) -> httpx.Response:
    """Send a form as a browser does from a page of the product."""
    content = urlencode(fields).encode()
    headers = {**SAME_ORIGIN, "Content-Type": "application/x-www-form-urlencoded"}
    return await client.post(path, content=content, headers=headers)


async def sign_in_to_back_office(client: httpx.AsyncClient, staff: Staff) -> StaffBrowser:
    """Sign in for the first time: password, enrolment of the second factor, first code."""
    colleague = StaffBrowser(staff.email, client)
    response = await post(client, "/admin/login", email=staff.email, password=PASSWORD, next="/admin")
    assert response.status_code == 303, response.text
    page = (await client.get("/admin/second-step")).text
    found = _SECRET.search(page)
    assert found is not None, page
    colleague.secret = found[1].replace(" ", "")
    response = await post(client, "/admin/second-step", code=colleague.code(), next="/admin")
    assert response.headers["location"] == "/admin/recovery-codes", response.text
    return colleague
