"""Checks a HubSpot token before it is stored: that HubSpot accepts it, and that it has the required scopes.

Also creates the property for our ids of calls in the HubSpot account, if it is missing.
"""

import re
from http import HTTPStatus

from crm.errors import HubSpotNotAnswering
from crm.failures import CALL_PROPERTY, REQUIRED_SCOPES
from crm.hubspot_api import HubSpotApi, HubSpotRefused, HubSpotUnreachable, TokenInfo
from kit.errors import ValidationFailed
from kit.http.app_key import AppKey

MAX_TOKEN_CHARACTERS = 500
_TOKEN = re.compile(r"[!-~]+")


class TokenCheck:
    """Checks tokens by requests to HubSpot. Made once at start."""

    def __init__(self, api: HubSpotApi) -> None:
        self._api = api

    async def check(self, token: str) -> TokenInfo:
        """Return the token's account and scopes; create the property for our ids of calls, if it is missing.

        Raises:
            ValidationFailed: on ``access_token``: HubSpot refuses the token, or it lacks a scope.
            HubSpotNotAnswering: HubSpot does not answer.
        """
        ensure_token_form(token)
        try:
            async with self._api.session(token) as hubspot:
                info = await hubspot.read_token()
                # Without a list of scopes, HubSpot's answer to the next request names the missing ones.
                granted = REQUIRED_SCOPES if info.scopes is None else info.scopes
                if missing := [scope for scope in REQUIRED_SCOPES if scope not in granted]:
                    raise _refused(
                        f"The token lacks scopes. Add {' and '.join(missing)} in HubSpot, then connect the token again"
                    )
                await hubspot.ensure_property()
        except HubSpotUnreachable as error:
            raise HubSpotNotAnswering from error
        except HubSpotRefused as error:
            raise _refused(_advice(error)) from error
        return info


def ensure_token_form(token: str) -> None:
    """Check the characters and the length of a token. Raises: ValidationFailed."""
    if not token:
        raise _refused("Paste the token that HubSpot shows")
    if len(token) > MAX_TOKEN_CHARACTERS:
        raise _refused(f"This is not a HubSpot token: tokens have at most {MAX_TOKEN_CHARACTERS} characters")
    if _TOKEN.fullmatch(token) is None:
        raise _refused("Copy the whole token from HubSpot: it has no spaces, line breaks or accented letters")


def _advice(error: HubSpotRefused) -> str:
    if error.status == HTTPStatus.UNAUTHORIZED:
        return "HubSpot does not know this token: it was mistyped, revoked or deleted. Copy it from HubSpot again"
    if error.status == HTTPStatus.FORBIDDEN:
        scopes = " and ".join(error.scopes) or "the scope that HubSpot asks for"
        return (
            f"The token may not create the property {CALL_PROPERTY} of calls. Add {scopes}, or let an administrator of"
            " HubSpot create it: a single-line text property of the calls, with unique values"
        )
    return f"HubSpot refused the token ({error.status}, {error.category})"


def _refused(message: str) -> ValidationFailed:
    return ValidationFailed([("access_token", message)])


TOKEN_CHECK: AppKey[TokenCheck] = AppKey("hubspot_token_check")
