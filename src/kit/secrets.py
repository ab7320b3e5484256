"""Embed tokens and API keys: creates these secrets, digests them for storage, and checks their form and checksum."""

import hashlib
import secrets
from dataclasses import dataclass, field
from functools import lru_cache
from zlib import crc32

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
BODY_LENGTH = 32
CHECKSUM_LENGTH = 6


@dataclass(frozen=True, slots=True)
class MintedSecret:
    """A new secret; ``raw`` is shown to its owner once and not stored."""

    raw: str = field(repr=False)
    digest: bytes
    """SHA-256, 32 bytes."""
    hint: str
    """The first eight characters, safe to show."""


def mint(prefix: str) -> MintedSecret:
    """Mint ``prefix`` + 32 random base62 characters (190 bits) + their checksum."""
    return _minted(prefix, "".join(secrets.choice(ALPHABET) for _ in range(BODY_LENGTH)))


def derive(prefix: str, key: bytes) -> MintedSecret:
    """Derive the secret from ``key``, 32 secret bytes: the same secret for the same key."""
    number, body = int.from_bytes(key), ""
    for _ in range(BODY_LENGTH):
        number, digit = divmod(number, len(ALPHABET))
        body += ALPHABET[digit]
    return _minted(prefix, body)


def _minted(prefix: str, body: str) -> MintedSecret:
    raw = prefix + body + checksum(prefix + body)
    return MintedSecret(raw=raw, digest=digest(raw), hint=raw[:8])


def digest(raw: str) -> bytes:
    """SHA-256 of a secret; 190 random bits need no salt (ASVS 11.5.1)."""
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
    """``has_checksum`` with a cache, because every exchange calls it.

    Only for secrets that are public in customers' pages, because the cache keeps them in memory.
    """
    return has_checksum(raw, prefix)


def has_checksum(raw: str, prefix: str) -> bool:
    """True when ``raw`` has the form of a minted secret and its checksum is right; does not read the database."""
    return (
        len(raw) == len(prefix) + BODY_LENGTH + CHECKSUM_LENGTH
        and raw.startswith(prefix)
        and raw.isascii()
        and raw[len(prefix) :].isalnum()
        and checksum(raw[:-CHECKSUM_LENGTH]) == raw[-CHECKSUM_LENGTH:]
    )
