"""Creates the secrets of webhooks, and signs deliveries with them in HTTP headers (Standard Webhooks)."""

import base64
import datetime as dt
import secrets
from collections.abc import Sequence
from uuid import UUID

from standardwebhooks import Webhook

from kit.encryption import Encryptor
from kit.secret_keys import SecretKeys

PREFIX = "whsec_"
_SECRET_BYTES = 32
ENCRYPTION_PURPOSE = "webhooks"


def new_secret() -> str:
    """A new secret in the form that customers see."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def secret_encryptor(keys: SecretKeys) -> Encryptor:
    """The encryptor of stored webhook secrets."""
    return Encryptor(keys, ENCRYPTION_PURPOSE)


def signature_headers(event_id: UUID, body: str, now: dt.datetime, keys: Sequence[str]) -> dict[str, str]:
    """The headers of one attempt, signed with each of ``keys``."""
    message_id = str(event_id)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(Webhook(key).sign(message_id, now, body) for key in keys),
    }
