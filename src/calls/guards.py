"""Checks that an HTTP callback is a form that the carrier signed for our account."""

from typing import Any

from litestar import Request

from calls.callback_forms import parse_form
from calls.callback_signatures import CALLBACK_SIGNATURES
from calls.errors import InvalidCallback, InvalidCarrierSignature
from carrier.port import CARRIER, form_fields
from kit.http.app_key import SETTINGS, HasState

FORM_MEDIA_TYPE = "application/x-www-form-urlencoded"


async def signed_form(request: Request[Any, Any, Any]) -> dict[str, str]:
    """The form of a request that the carrier signed. Raises: as ``verified_form``."""
    ensure_form(request.scope)
    return verified_form(request.app, request.scope, await request.body())


def ensure_form(scope: Any) -> None:
    """Raise InvalidCarrierSignature unless the HTTP request of ``scope`` is a form: the carrier sends only forms."""
    if _header(scope, b"content-type").split(";", 1)[0].strip().lower() != FORM_MEDIA_TYPE:
        raise InvalidCarrierSignature


def verified_form(app: HasState, scope: Any, body: bytes) -> dict[str, str]:
    """The form in the body of the HTTP request of ``scope``, which the carrier signed.

    The signed URL is built from the configured public URL, never from headers, which a client can set.

    Raises:
        InvalidCarrierSignature: the signature is missing, invalid or of another account, or the form has too many
            fields to check it.
    """
    settings = SETTINGS.get(app)
    carrier = CARRIER.get(app)
    try:
        form = parse_form(body)
    except InvalidCallback as error:
        raise InvalidCarrierSignature from error
    path = scope["raw_path"].decode("ascii", "replace").split("?", 1)[0]
    query = scope["query_string"].decode("ascii", "replace")
    url = settings.public_url + path + (f"?{query}" if query else "")
    signature, algorithm = (
        _header(scope, name) or None for name in (b"x-twilio-signature", b"x-twilio-webhooks-signature-settings")
    )
    is_valid = carrier.signature_is_valid(url, form, signature, algorithm)
    CALLBACK_SIGNATURES.get(app).record(is_valid=is_valid)
    if not is_valid:
        raise InvalidCarrierSignature
    fields = dict(form_fields(form))
    if fields.get("AccountSid") != settings.twilio.account_sid:
        raise InvalidCarrierSignature
    return fields


def _header(scope: Any, name: bytes) -> str:
    """The first header of this name; empty without one."""
    return next((value.decode("latin-1") for header, value in scope["headers"] if header == name), "")
