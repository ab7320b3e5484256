"""Every HTML page of the product, room by room."""

from litestar import Router

from dashboard import home
from dashboard.router import page_router
from kit.settings import Settings


def build_pages(settings: Settings) -> Router:
    """The router of all pages."""
    return page_router(settings, [home.start, home.dashboard])
