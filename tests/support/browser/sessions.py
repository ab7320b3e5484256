"""Signs users and staff in to browser contexts by a cookie, without the sign-in pages."""

import sqlalchemy as sa
from playwright.async_api import BrowserContext

from accounts.auth import cookie_name
from accounts.models import User
from accounts.sessions import Browser, SessionService
from admin.models import Staff
from admin.mount import STAFF_SESSION_COOKIE
from admin.services import StaffSessionService
from kit.clock import utc_now
from support.browser.product import Product


async def give_session(context: BrowserContext, product: Product, user: User) -> None:
    """Sign ``user`` in to the product in all pages of ``context``."""
    async with product.database.sessions() as session, session.begin():
        raw = await SessionService(session).start(user.id, Browser())
    await context.add_cookies([{"name": cookie_name(product.url), "value": raw, "url": product.url}])


async def give_staff_session(context: BrowserContext, product: Product, staff: Staff) -> None:
    """Sign ``staff`` in to the back office in all pages of ``context``, with a second factor enrolled."""
    async with product.database.sessions() as session, session.begin():
        await session.execute(sa.update(Staff).where(Staff.id == staff.id).values(totp_enabled_at=utc_now()))
        raw = await StaffSessionService(session).start(staff.id, Browser())
    await context.add_cookies([{"name": STAFF_SESSION_COOKIE, "value": raw, "url": product.url}])
