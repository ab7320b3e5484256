"""Signs access tokens: JWTs that let one browser place calls through our TwiML application.

This module signs them, not the carrier's library, because the exchange signs one token per request and this is several
times cheaper; a test compares the claims with those of the library's ``AccessToken`` with a ``VoiceGrant``.
"""

import base64
import hashlib
import hmac

import msgspec

from kit.random_digits import RandomDigits
from kit.settings import CarrierSettings

BACKDATED_SECONDS = 60
"""Seconds by which tokens are backdated: our clock may be ahead of the carrier's."""

MAX_LIFETIME_SECONDS = 86_400
"""The carrier's maximum between a token's beginning and its end; it refuses longer ones (code 20157)."""
_TOKEN_IDS = RandomDigits(16)


def _b64(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


class AccessTokenSigner:
    """Signs access tokens for one carrier account."""

    def __init__(self, carrier: CarrierSettings, *, ttl: int) -> None:
        self.ttl = min(ttl, MAX_LIFETIME_SECONDS - BACKDATED_SECONDS)
        """Seconds from now to a new token's end."""
        self._issuer = carrier.api_key_sid
        self._account = carrier.account_sid
        self._application = carrier.twiml_app_sid
        self._encode = msgspec.json.Encoder().encode
        self._mac = hmac.new(carrier.api_key_secret.encode(), digestmod=hashlib.sha256)
        region = {} if carrier.region is None else {"twr": carrier.region}
        self._header = _b64(self._encode({"typ": "JWT", "alg": "HS256", "cty": "twilio-fpa;v=1", **region})) + b"."

    def sign(self, identity: str, now: int) -> str:
        """Return a token for ``identity`` that is valid for ``ttl`` seconds from ``now`` (Unix seconds)."""
        claims = {
            "jti": f"{self._issuer}-{_TOKEN_IDS.draw()}",
            "iss": self._issuer,
            "sub": self._account,
            "nbf": now - BACKDATED_SECONDS,
            "exp": now + self.ttl,
            "grants": {"identity": identity, "voice": {"outgoing": {"application_sid": self._application}}},
        }
        signed = self._header + _b64(self._encode(claims))
        mac = self._mac.copy()
        mac.update(signed)
        return (signed + b"." + _b64(mac.digest())).decode()
