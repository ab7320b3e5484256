"""Every HTML page of the product, room by room."""

from litestar import Router
from litestar.types import ControllerRouterHandler

from dashboard import account, accounts, home, invitations, organizations
from dashboard.audit import audit_log
from dashboard.calling_rules import CallingRulePages
from dashboard.calls import CallPages
from dashboard.embed_tokens import EmbedTokenPages
from dashboard.keys import ApiKeyPages
from dashboard.kits import download_kit
from dashboard.numbers import NumberPages
from dashboard.overview import overview
from dashboard.reference import api_reference
from dashboard.router import page_router
from dashboard.settings import settings_page
from dashboard.team import TeamPages
from dashboard.usage import usage_page
from kit.settings import Settings


def build_pages(settings: Settings) -> Router:
    """The router of all pages."""
    handlers: list[ControllerRouterHandler] = [
        home.start,
        api_reference,
        home.dashboard,
        *accounts.HANDLERS,
        *account.HANDLERS,
        overview,
        CallPages,
        settings_page,
        NumberPages,
        EmbedTokenPages,
        download_kit,
        CallingRulePages,
        ApiKeyPages,
        usage_page,
        audit_log,
        TeamPages,
        *organizations.HANDLERS,
        *invitations.HANDLERS,
    ]
    return page_router(settings, handlers)
