"""Secrets (embed tokens, API keys): minted, shown once, stored as a digest. Keys derived from EPOCH_SECRET_KEY."""

import hashlib
import secrets
from dataclasses import dataclass, field
from functools import lru_cache
from zlib import crc32

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
BODY_LENGTH = 32
CHECKSUM_LENGTH = 6


def derive_key(secret: str, purpose: str) -> bytes:
    """The 32 bytes that EPOCH_SECRET_KEY gives for one purpose: none is used for two."""
    return hashlib.sha256(f"{purpose}:{secret}".encode()).digest()


@dataclass(frozen=True, slots=True)
class MintedSecret:
    """A fresh secret; ``raw`` is shown to its owner and then forgotten."""

    raw: str = field(repr=False)
    digest: bytes
    """SHA-256, 32 bytes."""
    hint: str
    """The first eight characters, safe to show."""


def mint(prefix: str) -> MintedSecret:
    """Mint ``prefix`` + 32 random base62 characters (190 bits) + their checksum."""
    body = prefix + "".join(secrets.choice(ALPHABET) for _ in range(BODY_LENGTH))
    raw = body + checksum(body)
    return MintedSecret(raw=raw, digest=digest(raw), hint=raw[:8])


def digest(raw: str) -> bytes:
    """SHA-256 of a secret; unsalted is right for 190 random bits (ASVS 11.5.1)."""
    return hashlib.sha256(raw.encode()).digest()


def checksum(text: str) -> str:
    """CRC32 of ``text`` as six base62 digits, zero-padded."""
    value, digits = crc32(text.encode()), ""
    for _ in range(CHECKSUM_LENGTH):
        value, digit = divmod(value, 62)
        digits = ALPHABET[digit] + digits
    return digits


@lru_cache(maxsize=4096)
def is_well_formed(raw: str, prefix: str) -> bool:
    """``has_checksum``, cached because every exchange asks. Only for texts that pages show anyway: it keeps them."""
    return has_checksum(raw, prefix)


def has_checksum(raw: str, prefix: str) -> bool:
    """True when ``raw`` has the shape of a minted secret and its checksum holds; asks no database."""
    return (
        len(raw) == len(prefix) + BODY_LENGTH + CHECKSUM_LENGTH
        and raw.startswith(prefix)
        and raw.isascii()
        and raw[len(prefix) :].isalnum()
        and checksum(raw[:-CHECKSUM_LENGTH]) == raw[-CHECKSUM_LENGTH:]
    )
