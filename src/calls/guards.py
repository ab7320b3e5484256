"""Checks that a callback is signed by the carrier for our account."""

from typing import Any

from litestar import Request

from calls.callback_forms import parse_form
from calls.callback_signatures import CALLBACK_SIGNATURES
from calls.errors import InvalidCallback, InvalidCarrierSignature
from carrier.port import CARRIER, form_fields
from kit.http.app_key import SETTINGS

FORM_MEDIA_TYPE = "application/x-www-form-urlencoded"


async def signed_form(request: Request[Any, Any, Any]) -> dict[str, str]:
    """The form of a request that the carrier signed.

    The signed address is built from the configured public URL, never from headers, which a client can set.

    Raises:
        InvalidCarrierSignature: no signature, a wrong one, or another account's; or a form with too many fields, whose
            signature cannot be checked.
    """
    settings = SETTINGS.get(request.app)
    carrier = CARRIER.get(request.app)
    if request.headers.get("content-type", "").split(";", 1)[0].strip().lower() != FORM_MEDIA_TYPE:
        raise InvalidCarrierSignature
    try:
        form = parse_form(await request.body())
    except InvalidCallback as error:
        raise InvalidCarrierSignature from error
    path = request.scope["raw_path"].decode("ascii", "replace").split("?", 1)[0]
    query = request.scope["query_string"].decode("ascii", "replace")
    url = settings.public_url + path + (f"?{query}" if query else "")
    signature, algorithm = (
        request.headers.get(name) for name in ("x-twilio-signature", "x-twilio-webhooks-signature-settings")
    )
    is_valid = carrier.signature_is_valid(url, form, signature, algorithm)
    CALLBACK_SIGNATURES.get(request.app).record(is_valid=is_valid)
    if not is_valid:
        raise InvalidCarrierSignature
    named = dict(form_fields(form))
    if named.get("AccountSid") != settings.twilio.account_sid:
        raise InvalidCarrierSignature
    return named
