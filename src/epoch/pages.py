"""Every HTML page of the product, room by room."""

from litestar import Router

from dashboard import account, accounts, home
from dashboard.embed_tokens import EmbedTokenPages
from dashboard.router import page_router
from dashboard.settings import settings_page
from kit.settings import Settings


def build_pages(settings: Settings) -> Router:
    """The router of all pages."""
    return page_router(
        settings, [home.start, home.dashboard, *accounts.HANDLERS, *account.HANDLERS, settings_page, EmbedTokenPages]
    )
