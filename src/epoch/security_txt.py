"""Serves ``/.well-known/security.txt`` (RFC 9116) and the security policy to which it links."""

from datetime import timedelta
from http import HTTPStatus
from typing import Any

from litestar import MediaType, Request, Response, Router, get
from litestar.datastructures import State

from kit.clock import utc_now
from kit.http.app_key import SETTINGS

LIFETIME = timedelta(days=180)
"""RFC 9116 recommends less than a year."""
SECURITY_TXT_PATH = "/.well-known/security.txt"
POLICY_PATH = "/security-policy"
_POLICY = """Report a vulnerability

Write to {contact}, with the steps to repeat it. Please do not make it public before it is fixed.

Test with your own account, organization, numbers and calls only. Do not read or change the data of others, do not call
people, and do not try how much load the service takes.

Reports are welcome about the widget on customers' pages, the token exchange, carrier callbacks, sign-in, isolation
between organizations, the back office and the integrations.
"""


@get(SECURITY_TXT_PATH, include_in_schema=False)
async def security_txt(request: Request[Any, Any, State]) -> Response[str]:
    settings = SETTINGS.get(request.app)
    # A whole day, so that the file does not change within a day.
    expires = (utc_now() + LIFETIME).replace(hour=0, minute=0, second=0, microsecond=0)
    fields = (
        f"Contact: mailto:{settings.contact}",
        f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}",
        f"Canonical: {settings.public_url}{SECURITY_TXT_PATH}",
        f"Policy: {settings.public_url}{POLICY_PATH}",
        "Preferred-Languages: en",
    )
    return _text("".join(f"{field}\n" for field in fields))


@get(POLICY_PATH, include_in_schema=False)
async def security_policy(request: Request[Any, Any, State]) -> Response[str]:
    return _text(_POLICY.format(contact=SETTINGS.get(request.app).contact))


security_txt_router = Router(path="/", route_handlers=[security_txt, security_policy])


def _text(content: str) -> Response[str]:
    headers = {"Cache-Control": "public, max-age=3600"}
    return Response(content, media_type=MediaType.TEXT, status_code=HTTPStatus.OK, headers=headers)
