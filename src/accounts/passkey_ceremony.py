"""WebAuthn ceremonies (adding a passkey, signing in with one): makes the options for browsers, and verifies the
responses of authenticators.
"""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import timedelta
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec
import structlog
import webauthn
from webauthn.helpers import parse_authentication_credential_json
from webauthn.helpers.structs import (
    AuthenticationCredential,
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from accounts.errors import PasskeyChallengeNotUsable, PasskeyRefused, PasskeysUnavailable
from accounts.login_throttle import LoginThrottle
from accounts.models import AbstractAccount, AbstractPasskey
from kit.clock import utc_now
from kit.encryption import Encryptor
from kit.secret_keys import SecretKeys

CHALLENGE_LIFETIME = timedelta(minutes=5)
_SECONDS = int(CHALLENGE_LIFETIME.total_seconds())
_MAX_CREDENTIAL_CHARACTERS = 20_000
_RP_NAME = "Epoch Voice"
log = structlog.get_logger("epoch.accounts")


class PasskeyOptions(NamedTuple):
    """The options for ``navigator.credentials``, and their challenge, encrypted."""

    options_json: str
    encrypted_challenge: str
    """For a cookie of this browser; it proves later that we issued the challenge."""


class NewPasskey(NamedTuple):
    """A passkey that an authenticator created."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    transports: Sequence[str]


class _IssuedChallenge(msgspec.Struct, frozen=True):
    challenge: bytes
    expires_at: float
    """Unix seconds."""


class PasskeyCeremony:
    """Makes options and verifies responses.

    A challenge can be used once, within five minutes, in the browser and for the purpose for which it was issued.
    """

    def __init__(self, throttle: LoginThrottle, *, public_url: str, secret_keys: SecretKeys) -> None:
        """``throttle`` remembers used challenges for all workers."""
        self._throttle = throttle
        self._secret_keys = secret_keys
        self._origin = public_url
        self._rp_id = urlsplit(public_url).hostname or ""
        self.is_available = supports_passkeys(public_url)

    def make_registration_options(
        self, account: AbstractAccount, existing: Sequence[AbstractPasskey], *, purpose: str
    ) -> PasskeyOptions:
        """The options for a new passkey of ``account``, on an authenticator that has none of ``existing``.

        Raises: PasskeysUnavailable.
        """
        challenge, encrypted_challenge = self._make_challenge(purpose)
        options = webauthn.generate_registration_options(
            rp_id=self._rp_id,
            rp_name=_RP_NAME,
            # Every page with this RP id can read the user handle, so it is the account's id and not the e-mail address.
            user_id=account.id.bytes,
            user_name=account.email,
            user_display_name=account.name or account.email,
            challenge=challenge,
            timeout=_SECONDS * 1000,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                require_resident_key=True,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=[_descriptor(passkey) for passkey in existing],
        )
        return PasskeyOptions(webauthn.options_to_json(options), encrypted_challenge)

    def make_authentication_options(self, *, purpose: str) -> PasskeyOptions:
        """The options for a proof by any passkey of this site; they list no passkeys, so they reveal no accounts.

        Raises: PasskeysUnavailable.
        """
        challenge, encrypted_challenge = self._make_challenge(purpose)
        options = webauthn.generate_authentication_options(
            rp_id=self._rp_id,
            challenge=challenge,
            timeout=_SECONDS * 1000,
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return PasskeyOptions(webauthn.options_to_json(options), encrypted_challenge)

    async def redeem_challenge(self, encrypted_challenge: str | None, *, purpose: str) -> bytes:
        """Mark a challenge as used and return it decrypted. Raises: PasskeyChallengeNotUsable."""
        encryptor = self._encryptor(purpose)
        decrypted = encryptor.decrypt(encrypted_challenge, seconds=_SECONDS) if encrypted_challenge else None
        if decrypted is None:
            raise PasskeyChallengeNotUsable
        issued = msgspec.json.decode(decrypted, type=_IssuedChallenge)
        digest = hashlib.sha256(issued.challenge).hexdigest()
        if not await self._throttle.consume_one_time_value(f"passkey-challenge:{digest}", issued.expires_at):
            raise PasskeyChallengeNotUsable
        return issued.challenge

    def verify_registration(self, credential: str, challenge: bytes) -> NewPasskey:
        """Verify the response to ``make_registration_options``. Raises: PasskeyRefused."""
        try:
            verified = webauthn.verify_registration_response(
                credential=credential[:_MAX_CREDENTIAL_CHARACTERS],
                expected_challenge=challenge,
                expected_rp_id=self._rp_id,
                expected_origin=self._origin,
                require_user_verification=True,
            )
            transports = _transports(credential)
        except Exception as error:
            # The library parses untrusted input; each of its exceptions becomes a refusal.
            log.info("passkey_refused", step="new", error=type(error).__name__)
            raise PasskeyRefused from error
        return NewPasskey(verified.credential_id, verified.credential_public_key, verified.sign_count, transports)

    @staticmethod
    def parse_authentication(credential: str) -> AuthenticationCredential:
        """Parse the response to ``make_authentication_options``, without verifying it. Raises: PasskeyRefused."""
        try:
            return parse_authentication_credential_json(credential[:_MAX_CREDENTIAL_CHARACTERS])
        except Exception as error:
            log.info("passkey_refused", step="parse", error=type(error).__name__)
            raise PasskeyRefused from error

    def verify_authentication(
        self, credential: AuthenticationCredential, challenge: bytes, passkey: AbstractPasskey
    ) -> int:
        """Verify the response to ``make_authentication_options`` and return the authenticator's counter.

        Raises: PasskeyRefused, also when the counter did not advance: the authenticator may have been copied.
        """
        try:
            verified = webauthn.verify_authentication_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=self._rp_id,
                expected_origin=self._origin,
                credential_public_key=passkey.public_key,
                credential_current_sign_count=passkey.sign_count,
                require_user_verification=True,
            )
        except Exception as error:
            log.warning("passkey_refused", step="sign", passkey=str(passkey.id), error=type(error).__name__)
            raise PasskeyRefused from error
        if credential.response.user_handle not in (None, passkey.user_id.bytes):
            raise PasskeyRefused
        return verified.new_sign_count

    def _make_challenge(self, purpose: str) -> tuple[bytes, str]:
        if not self.is_available:
            raise PasskeysUnavailable
        challenge = secrets.token_bytes(32)
        issued = _IssuedChallenge(challenge, (utc_now() + CHALLENGE_LIFETIME).timestamp())
        return challenge, self._encryptor(purpose).encrypt(msgspec.json.encode(issued))

    def _encryptor(self, purpose: str) -> Encryptor:
        return Encryptor(self._secret_keys, f"passkey:{purpose}")


def supports_passkeys(public_url: str) -> bool:
    """True when browsers offer passkeys on pages at ``public_url``: a secure context whose host is a name."""
    parts = urlsplit(public_url)
    host = parts.hostname or ""
    try:
        ip_address(host)
    except ValueError:
        return parts.scheme == "https" or host == "localhost" or host.endswith(".localhost")
    return False


def _descriptor(passkey: AbstractPasskey) -> PublicKeyCredentialDescriptor:
    transports = [AuthenticatorTransport(name) for name in passkey.transports]
    return PublicKeyCredentialDescriptor(id=passkey.credential_id, transports=transports or None)


class _Response(msgspec.Struct):
    transports: list[str] = []


class _Credential(msgspec.Struct):
    response: _Response


def _transports(credential: str) -> list[str]:
    """The transports that the browser lists, without unknown ones."""
    known = {transport.value for transport in AuthenticatorTransport}
    listed = msgspec.json.decode(credential, type=_Credential).response.transports
    return sorted(known.intersection(listed))
