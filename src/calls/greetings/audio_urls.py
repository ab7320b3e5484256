"""Signs and verifies the URLs from which the carrier fetches recordings; each is valid for one to two hours."""

import base64
import binascii
import datetime as dt
from uuid import UUID

import msgspec

from kit.clock import utc_now
from kit.http.app_key import AppKey
from kit.secret_keys import SecretKeys, Signer

AUDIO_PATH = "/voice/audio"
_HOUR_SECONDS = 3600
_UUID_BYTES, _HOUR_BYTES = 16, 4
_MESSAGE_BYTES = 2 * _UUID_BYTES + _HOUR_BYTES


class SignedAudio(msgspec.Struct, frozen=True):
    """The recording that a signed URL is for."""

    organization_id: UUID
    audio_id: UUID


class AudioUrls:
    """Signs and verifies the URLs. Made once at start."""

    def __init__(self, secrets: SecretKeys, public_url: str) -> None:
        self._signer = Signer(secrets, "greeting-audio")
        self._base_url = f"{public_url}{AUDIO_PATH}/"

    def url(self, organization_id: UUID, audio_id: UUID, now: dt.datetime | None = None) -> str:
        """The URL of a recording, valid until the end of the next hour. It changes hourly, so that it can be cached."""
        last_hour = int((now or utc_now()).timestamp()) // _HOUR_SECONDS + 1
        message = organization_id.bytes + audio_id.bytes + last_hour.to_bytes(_HOUR_BYTES, "big")
        return f"{self._base_url}{_base64url(message)}.{_base64url(self._signer.sign(message))}"

    def read(self, name: str, now: dt.datetime | None = None) -> SignedAudio | None:
        """The recording of the URL whose last segment is ``name``; None if the URL is forged or expired."""
        text, _, signature = name.partition(".")
        try:
            message = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        except (binascii.Error, ValueError):
            return None
        if len(message) != _MESSAGE_BYTES or not self._signer.verify(message, signature, _base64url):
            return None
        last_hour = int.from_bytes(message[2 * _UUID_BYTES :], "big")
        if int((now or utc_now()).timestamp()) // _HOUR_SECONDS > last_hour:
            return None
        return SignedAudio(UUID(bytes=message[:_UUID_BYTES]), UUID(bytes=message[_UUID_BYTES : 2 * _UUID_BYTES]))


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


AUDIO_URLS: AppKey[AudioUrls] = AppKey("audio_urls")
