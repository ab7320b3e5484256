"""The frame that every page stands in: its context, its headers, and the notice that a redirect carries along."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import MediaType, Request, Response
from litestar.datastructures import Cookie
from markupsafe import Markup

from accounts.sessions import Viewer
from dashboard import formats
from kit.encryption import Encryptor
from kit.http.app_key import SETTINGS
from kit.http.csrf import STATE as CSRF_STATE
from kit.settings import Settings
from tenants.auth import MemberAuth
from tenants.memberships import LAST_PLACE, Place
from widget import csp
from widget.assets import ASSET_MANIFEST

MEMBERSHIPS_STATE = "places"
"""Where the scope's state holds the person's organizations, the page's own one first."""
NOTICE_COOKIE = "notice"
NOTICE_SECONDS = 60
_YEAR_SECONDS = 31_536_000

TEMPLATES = Path(__file__).parent / "templates"
templates = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,  # asks the disk for each part of each page
)
templates.filters.update(formats.FILTERS)


@cache
def icon_svg(icon: str) -> Markup:
    """The icon of that name; a page holds hundreds."""
    icons: Any = templates.get_template("_icons.html").module
    found: Markup = icons.icon(icon)
    return found


templates.globals["drawn"] = icon_svg


class Notice(msgspec.Struct, frozen=True):
    """A short sentence for the next page."""

    text: str
    is_problem: bool = False


def render(
    request: Request[Any, Any, Any], template: str, *, status: int = 200, widget: bool = False, **context: Any
) -> Response[str]:
    """The page ``template`` in the frame; ``widget`` when the page carries the phone and needs its wider policy."""
    settings = SETTINGS.get(request.app)
    notice = read_notice(request)
    page = templates.get_template(template).render(**_layout_context(request, notice), **context)
    headers = page_headers(settings, widget=widget)
    response = Response(page, media_type=MediaType.HTML, status_code=status, headers=headers)
    if NOTICE_COOKIE in request.cookies:
        response.set_cookie(_cookie(settings, NOTICE_COOKIE, None))
    place = current_membership(request)
    if place is not None and request.cookies.get(LAST_PLACE) != place.slug:
        response.set_cookie(_cookie(settings, LAST_PLACE, place.slug, max_age=_YEAR_SECONDS))
    return response


def fragment(request: Request[Any, Any, Any], template: str, **context: Any) -> Response[str]:
    """A part of a page, for htmx to put in place."""
    settings = SETTINGS.get(request.app)
    part = templates.get_template(template).render(**_layout_context(request, None), **context)
    return Response(part, media_type=MediaType.HTML, headers=page_headers(settings))


def redirect(
    request: Request[Any, Any, Any],
    path: str,
    notice: str | None = None,
    *,
    is_problem: bool = False,
    cookies: Sequence[Cookie] = (),
) -> Response[str]:
    """See ``path`` next (303), with ``notice`` shown there once. Anything but a path of ours raises ValueError."""
    if not is_own_path(path):
        raise ValueError("not a path of our own")
    settings = SETTINGS.get(request.app)
    answer = Response("", status_code=303, media_type=MediaType.HTML, headers={"Location": path}, cookies=cookies)
    if notice is not None:
        sealed = Encryptor(settings.secret_key, NOTICE_COOKIE).encrypt(msgspec.json.encode(Notice(notice, is_problem)))
        answer.set_cookie(_cookie(settings, NOTICE_COOKIE, sealed, max_age=NOTICE_SECONDS))
    return answer


def read_notice(request: Request[Any, Any, Any]) -> Notice | None:
    """The notice that the page before left, if it is ours and fresh."""
    raw = request.cookies.get(NOTICE_COOKIE)
    settings = SETTINGS.get(request.app)
    opened = Encryptor(settings.secret_key, NOTICE_COOKIE).decrypt(raw, seconds=NOTICE_SECONDS) if raw else None
    return None if opened is None else msgspec.json.decode(opened, type=Notice)


def is_own_path(path: str) -> bool:
    """True for a path on this site, so that no answer of ours sends anybody elsewhere."""
    return path.startswith("/") and not path.startswith(("//", "/\\")) and path.isascii() and path.isprintable()


def login_path(request: Request[Any, Any, Any]) -> str:
    """Where to sign in, and to come back from; what was posted is not repeated."""
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    back = path if request.method == "GET" and is_own_path(path) else "/dashboard"
    return f"/login?next={quote(back, safe='/')}"


def current_membership(request: Request[Any, Any, Any]) -> Place | None:
    """The organization that the page belongs to; None for a page of a person or of nobody."""
    where = request.scope.get("auth")
    if not isinstance(where, MemberAuth):
        return None
    return next((place for place in memberships(request) if place.organization_id == where.organization_id), None)


def memberships(request: Request[Any, Any, Any]) -> Sequence[Place]:
    """The person's organizations, as far as a guard looked them up."""
    found: Sequence[Place] = request.scope.get("state", {}).get(MEMBERSHIPS_STATE, ())
    return found


def page_headers(settings: Settings, *, widget: bool = False) -> dict[str, str]:
    """The headers of every page. With ``widget`` the policy admits what the phone loads and talks to."""
    none, own = "'none'", "'self'"
    directives = (
        "default-src 'self'",
        f"script-src {csp.script_sources(settings) if widget else own}",
        "style-src 'self'",
        f"connect-src {csp.connect_sources(settings) if widget else own}",
        "img-src 'self' data:",
        f"media-src {csp.MEDIA_SOURCES if widget else none}",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
    headers = {
        "Content-Security-Policy": "; ".join(directives),
        "Permissions-Policy": "microphone=(self)" if widget else "microphone=()",
        "Referrer-Policy": "strict-origin-when-cross-origin",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    if settings.public_is_https:
        headers["Strict-Transport-Security"] = f"max-age={_YEAR_SECONDS}; includeSubDomains"
    return headers


def _layout_context(request: Request[Any, Any, Any], notice: Notice | None) -> Mapping[str, Any]:
    settings = SETTINGS.get(request.app)
    assets = ASSET_MANIFEST.get(request.app)
    who, where = request.scope.get("user"), request.scope.get("auth")
    return {
        "viewer": who if isinstance(who, Viewer) else None,
        "member": where if isinstance(where, MemberAuth) else None,
        "place": current_membership(request),
        "places": memberships(request),
        "csrf_token": request.scope.get("state", {}).get(CSRF_STATE) or "",
        "notice": notice,
        "sandbox": settings.is_sandbox,
        "public_url": settings.public_url,
        "asset": lambda name: f"/widget/{assets[name]}",
        "path": request.scope["path"].rstrip("/") or "/",
    }


def _cookie(settings: Settings, key: str, value: str | None, *, max_age: int = 0, path: str = "/") -> Cookie:
    return Cookie(
        key=key,
        value=value or "",
        max_age=max_age,
        path=path,
        httponly=True,
        secure=settings.public_is_https,
        samesite="lax",
    )
