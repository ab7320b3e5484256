"""Verifies the access tokens of browsers, as the carrier does."""

from typing import Any, NamedTuple

import jwt

from kit.settings import CarrierSettings
from sandbox.legs import TokenIdentity

EXPIRED = 31205
BAD_SIGNATURE = 31202
INVALID = 31204
"""Error codes of the browser's SDK about a token."""


class AccessToken(NamedTuple):
    caller: TokenIdentity
    expires_at: float
    """Unix seconds."""


class TokenError(Exception):
    """The carrier does not accept the token."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def read_access_token(token: object, account: CarrierSettings) -> AccessToken:
    """Check ``token`` and return its identity and its end.

    Raises:
        TokenError: expired, wrongly signed, or not a voice token of this account.
    """
    claims = _claims(token, account)
    grants = _object(claims.get("grants"))
    outgoing = _object(_object(grants.get("voice")).get("outgoing"))
    identity, application_sid = grants.get("identity"), outgoing.get("application_sid")
    if not (isinstance(identity, str) and identity and isinstance(application_sid, str)):
        raise TokenError(INVALID, "The token grants no outgoing calls")
    params = {name: str(value) for name, value in _object(outgoing.get("params")).items()}
    return AccessToken(TokenIdentity(identity, account.account_sid, application_sid, params), float(claims["exp"]))


def _claims(token: object, account: CarrierSettings) -> dict[str, Any]:
    if not isinstance(token, str):
        raise TokenError(INVALID, "There is no token")
    try:
        claims = jwt.decode(
            token,
            account.api_key_secret,
            algorithms=["HS256"],
            issuer=account.api_key_sid,
            subject=account.account_sid,
            options={"require": ["exp", "iss", "sub"]},
        )
    except jwt.ExpiredSignatureError as error:
        raise TokenError(EXPIRED, "JWT Token Expired") from error
    except jwt.InvalidSignatureError as error:
        raise TokenError(BAD_SIGNATURE, "JWT signature validation failed") from error
    except jwt.InvalidTokenError as error:
        raise TokenError(INVALID, "JWT token is not valid") from error
    return dict(claims)


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
