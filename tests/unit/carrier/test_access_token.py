"""Access tokens (JWT) for the carrier: signed as by Twilio's own library, and back-dated by one minute."""

from typing import Any

import jwt
import msgspec
import pytest
from twilio.jwt.access_token import AccessToken
from twilio.jwt.access_token.grants import VoiceGrant

from carrier.access_token import AccessTokenSigner
from kit.settings import CarrierSettings

ACCOUNT = CarrierSettings(
    account_sid="AC" + "1" * 32,
    auth_token="t" * 32,
    api_key_sid="SK" + "2" * 32,
    api_key_secret="s" * 32,
    twiml_app_sid="AP" + "3" * 32,
)
IDENTITY = "w_" + "a" * 32 + "_" + "b" * 16
NOW = 1_800_000_000


def claims_of(token: str) -> dict[str, Any]:
    options: Any = {"verify_exp": False, "verify_nbf": False}
    claims: dict[str, Any] = jwt.decode(token, ACCOUNT.api_key_secret, algorithms=["HS256"], options=options)
    return claims


def library_token(region: str | None = None) -> str:
    token = AccessToken(
        ACCOUNT.account_sid,
        ACCOUNT.api_key_sid,
        ACCOUNT.api_key_secret,
        identity=IDENTITY,
        ttl=3600,
        nbf=NOW - 60,
        region=region,
    )
    token.add_grant(VoiceGrant(outgoing_application_sid=ACCOUNT.twiml_app_sid, incoming_allow=None))
    signed: str = token.to_jwt()
    return signed


def test_header_and_claims_are_the_librarys() -> None:
    own, library = AccessTokenSigner(ACCOUNT, ttl=3600).sign(IDENTITY, NOW), library_token()
    assert jwt.get_unverified_header(own) == jwt.get_unverified_header(library)
    ours, theirs = claims_of(own), claims_of(library)
    assert set(ours) == set(theirs)
    changing = {"jti", "exp"}
    assert {name: ours[name] for name in ours.keys() - changing} == {
        name: theirs[name] for name in theirs.keys() - changing
    }
    assert ours["jti"].startswith(f"{ACCOUNT.api_key_sid}-")


def test_the_region_is_named_as_the_library_does() -> None:
    own = msgspec.structs.replace(ACCOUNT, region="ie1")
    header = jwt.get_unverified_header(AccessTokenSigner(own, ttl=3600).sign(IDENTITY, NOW))
    assert header == jwt.get_unverified_header(library_token("ie1"))
    assert header["twr"] == "ie1"
    assert "twr" not in jwt.get_unverified_header(AccessTokenSigner(ACCOUNT, ttl=3600).sign(IDENTITY, NOW))


def test_the_lifetime_is_at_most_the_carriers_limit_of_a_day() -> None:
    signer = AccessTokenSigner(ACCOUNT, ttl=86_400)
    claims = claims_of(signer.sign(IDENTITY, NOW))
    assert claims["exp"] - claims["nbf"] == 86_400
    assert claims["exp"] == NOW + signer.ttl


@pytest.mark.parametrize("ttl", [5, 3600, 86_340])
def test_a_token_expires_after_its_ttl_and_is_valid_since_a_minute_ago(ttl: int) -> None:
    claims = claims_of(AccessTokenSigner(ACCOUNT, ttl=ttl).sign(IDENTITY, NOW))
    assert claims["exp"] == NOW + ttl
    assert claims["nbf"] == NOW - 60


def test_ids_never_repeat() -> None:
    signer = AccessTokenSigner(ACCOUNT, ttl=3600)
    assert len({claims_of(signer.sign(IDENTITY, NOW))["jti"] for _ in range(10_000)}) == 10_000


def test_another_secret_does_not_verify() -> None:
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(AccessTokenSigner(ACCOUNT, ttl=3600).sign(IDENTITY, NOW), "x" * 32, algorithms=["HS256"])
