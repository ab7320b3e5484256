"""Makes the router of HTML pages, with session, CSRF check, security headers and error pages."""

from collections.abc import Sequence
from typing import Any

from litestar import Response, Router
from litestar.middleware import DefineMiddleware
from litestar.types import ControllerRouterHandler

from accounts.auth import SessionMiddleware
from dashboard.pages import page_headers
from dashboard.problem_pages import PAGE_EXCEPTION_HANDLERS
from kit.http.csrf import CsrfMiddleware
from kit.http.data_age import data_age_middleware
from kit.http.forms import FORM_BYTES
from kit.http.tenant_concurrency import TenantConcurrencyMiddleware
from kit.settings import Settings


def page_router(settings: Settings, handlers: Sequence[ControllerRouterHandler]) -> Router:
    """Return a router of ``handlers`` with session, CSRF check, security headers and error pages."""

    def with_headers(response: Response[Any]) -> Response[Any]:
        for name, value in page_headers(settings).items():
            response.headers.setdefault(name, value)
        return response

    return Router(
        path="/",
        route_handlers=handlers,
        middleware=[
            TenantConcurrencyMiddleware,
            DefineMiddleware(CsrfMiddleware, secrets=settings.secret_keys, public_url=settings.public_url, forms=True),
            DefineMiddleware(SessionMiddleware, public_url=settings.public_url),
            *data_age_middleware(settings),
        ],
        exception_handlers=PAGE_EXCEPTION_HANDLERS,
        after_request=with_headers,
        request_max_body_size=FORM_BYTES,
        include_in_schema=False,
    )
