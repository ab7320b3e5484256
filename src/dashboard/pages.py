"""Renders pages and fragments, redirects with a notice, and makes the security headers of pages."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
from litestar import MediaType, Request, Response
from litestar.datastructures import Cookie
from markupsafe import Markup

from accounts.sessions import Viewer
from calls.incoming.missed_calls import has_objected, may_call_back
from calls.list_filters import END_REASONS
from dashboard import formats
from kit.clock import utc_now
from kit.encryption import Encryptor
from kit.http.app_key import SETTINGS
from kit.http.csrf import STATE as CSRF_STATE
from kit.http.data_age import shown_as_of
from kit.settings import Settings
from kit.templates import create_templates
from kit.text import is_web_url
from kit.time_zones import zone_label
from tenants.auth import MemberAuth
from tenants.memberships import LAST_ORGANIZATION_COOKIE, MembershipSummary
from tenants.settings_paths import settings_path
from widget import csp
from widget.assets import ASSET_MANIFEST
from widget.refusals import REFUSALS

MEMBERSHIPS_STATE = "memberships"
"""Key of the person's memberships in the scope's state; the organization of the page is first."""
UNSEEN_MISSED_STATE = "unseen_missed"
"""Key of the number of missed calls that the person has not seen, for the navigation."""
UNHEARD_STATE = "unheard_voicemails"
"""Key of the number of voicemails that nobody has heard, for the navigation."""
NOTICE_COOKIE = "notice"
NOTICE_SECONDS = 60
_YEAR_SECONDS = 31_536_000

TEMPLATES = Path(__file__).parent / "templates"
templates = create_templates(TEMPLATES)
templates.filters.update(formats.FILTERS)
templates.tests["web_address"] = lambda text: text is not None and is_web_url(text)


@cache
def icon_svg(icon: str) -> Markup:
    """Return the SVG of an icon, cached because a page has hundreds of icons."""
    icons: Any = templates.get_template("_icons.html").module
    svg: Markup = icons.icon(icon)
    return svg


templates.globals["icon_svg"] = icon_svg
templates.globals["settings_path"] = settings_path
templates.globals["refusals"] = REFUSALS
templates.tests["returnable"] = may_call_back
templates.tests["objected"] = has_objected
templates.globals["end_reasons"] = END_REASONS


class Notice(msgspec.Struct, frozen=True):
    """A sentence that the next page shows once."""

    text: str
    is_problem: bool = False


def render(
    request: Request[Any, Any, Any],
    template: str,
    *,
    status: int = 200,
    widget: bool = False,
    own_media: bool = False,
    microphone: bool = False,
    **context: Any,
) -> Response[str]:
    """Render ``template`` with the layout's context and security headers.

    ``widget``, ``own_media`` and ``microphone`` allow what a page needs: the phone, audio of this server, recording.
    """
    settings = SETTINGS.get(request.app)
    notice = read_notice(request)
    page = templates.get_template(template).render(**_layout_context(request, notice), **context)
    headers = page_headers(settings, widget=widget, own_media=own_media, microphone=microphone)
    response = Response(page, media_type=MediaType.HTML, status_code=status, headers=headers)
    if NOTICE_COOKIE in request.cookies:
        response.set_cookie(_cookie(settings, NOTICE_COOKIE, None))
    membership = current_membership(request)
    if membership is not None and request.cookies.get(LAST_ORGANIZATION_COOKIE) != membership.slug:
        response.set_cookie(_cookie(settings, LAST_ORGANIZATION_COOKIE, membership.slug, max_age=_YEAR_SECONDS))
    return response


def fragment(request: Request[Any, Any, Any], template: str, **context: Any) -> Response[str]:
    """Render a fragment for htmx."""
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
    """Redirect (303) to ``path``, which shows ``notice`` once. Raises: ValueError for a path not on this site."""
    if not is_own_path(path):
        raise ValueError("not a path on this site")
    settings = SETTINGS.get(request.app)
    response = Response("", status_code=303, media_type=MediaType.HTML, headers={"Location": path}, cookies=cookies)
    if notice is not None:
        encrypted = Encryptor(settings.secret_keys, NOTICE_COOKIE).encrypt(
            msgspec.json.encode(Notice(notice, is_problem))
        )
        response.set_cookie(_cookie(settings, NOTICE_COOKIE, encrypted, max_age=NOTICE_SECONDS))
    return response


def read_notice(request: Request[Any, Any, Any]) -> Notice | None:
    """Return the notice of the previous page, if its cookie is valid."""
    raw = request.cookies.get(NOTICE_COOKIE)
    settings = SETTINGS.get(request.app)
    decrypted = Encryptor(settings.secret_keys, NOTICE_COOKIE).decrypt(raw, seconds=NOTICE_SECONDS) if raw else None
    return None if decrypted is None else msgspec.json.decode(decrypted, type=Notice)


def is_own_path(path: str) -> bool:
    """True for a path on this site; redirects go nowhere else."""
    return path.startswith("/") and not path.startswith(("//", "/\\")) and path.isascii() and path.isprintable()


def login_path(request: Request[Any, Any, Any]) -> str:
    """Return the sign-in path; after signing in, people return to the page of a GET, else to the dashboard."""
    # Not built from the request's URL, which contains the Host header: a client can send an invalid one.
    query = request.scope["query_string"].decode("latin-1")
    path = request.scope["path"] + (f"?{query}" if query else "")
    next_path = path if request.method == "GET" and is_own_path(path) else "/dashboard"
    return f"/login?next={quote(next_path, safe='/')}"


def current_membership(request: Request[Any, Any, Any]) -> MembershipSummary | None:
    """Return the page's organization; None for pages without one."""
    auth = request.scope.get("auth")
    if not isinstance(auth, MemberAuth):
        return None
    return next(
        (membership for membership in memberships(request) if membership.organization_id == auth.organization_id), None
    )


def memberships(request: Request[Any, Any, Any]) -> Sequence[MembershipSummary]:
    """Return the person's memberships, if a guard has loaded them."""
    found: Sequence[MembershipSummary] = request.scope.get("state", {}).get(MEMBERSHIPS_STATE, ())
    return found


def page_headers(
    settings: Settings, *, widget: bool = False, own_media: bool = False, microphone: bool = False
) -> dict[str, str]:
    """Return the security headers of a page.

    With ``widget`` the CSP allows what the phone loads and connects to, with ``own_media`` audio of this server; with
    ``microphone`` the page may ask to record.
    """
    nowhere, own_origin = "'none'", "'self'"
    directives = (
        "default-src 'self'",
        f"script-src {csp.script_sources(settings) if widget else own_origin}",
        "style-src 'self'",
        f"connect-src {csp.connect_sources(settings) if widget else own_origin}",
        "img-src 'self' data:",
        f"media-src {csp.MEDIA_SOURCES if widget else own_origin if own_media else nowhere}",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
    return {
        "Content-Security-Policy": "; ".join(directives),
        # A page with the phone must keep its connection to the pop-out window that it opens.
        "Cross-Origin-Opener-Policy": "same-origin-allow-popups" if widget else "same-origin",
        "Permissions-Policy": "microphone=(self)" if widget or microphone else "microphone=()",
        "Referrer-Policy": "strict-origin-when-cross-origin",
        "Cache-Control": "no-store",
    }


def _layout_context(request: Request[Any, Any, Any], notice: Notice | None) -> Mapping[str, Any]:
    settings = SETTINGS.get(request.app)
    assets = ASSET_MANIFEST.get(request.app)
    user, auth = request.scope.get("user"), request.scope.get("auth")
    zone = auth.zone if isinstance(auth, MemberAuth) else None
    return {
        formats.ZONE_CONTEXT: zone,
        "zone_label": "" if zone is None else zone_label(zone, utc_now()),
        "viewer": user if isinstance(user, Viewer) else None,
        "member": auth if isinstance(auth, MemberAuth) else None,
        "membership": current_membership(request),
        "memberships": memberships(request),
        "unseen_missed": request.scope.get("state", {}).get(UNSEEN_MISSED_STATE, 0),
        "unheard_voicemails": request.scope.get("state", {}).get(UNHEARD_STATE, 0),
        "csrf_token": request.scope.get("state", {}).get(CSRF_STATE) or "",
        "notice": notice,
        "sandbox": settings.is_sandbox,
        "public_url": settings.public_url,
        "contact": settings.contact,
        "asset": lambda name: f"/widget/{assets[name]}",
        "path": request.scope["path"].rstrip("/") or "/",
        "as_of": shown_as_of(request),
        "shows_missed": request.query_params.get("direction") == "missed",
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
