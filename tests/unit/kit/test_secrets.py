"""The format and checksum of embed tokens and API keys, compared with a second implementation."""

import hashlib
import re

import pytest

from kit import secrets

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
KNOWN = "ept_" + "0123456789abcdefghijABCDEFGHIJxy"


def reference_crc32(data: bytes) -> int:
    """CRC-32 (IEEE 802.3, reflected), bit by bit."""
    register = 0xFFFFFFFF
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = (register >> 1) ^ (0xEDB88320 if register & 1 else 0)
    return register ^ 0xFFFFFFFF


def reference_checksum(text: str) -> str:
    value, digits = reference_crc32(text.encode()), ""
    while value:
        digits, value = ALPHABET[value % 62] + digits, value // 62
    return digits.rjust(6, "0")


def test_the_reference_knows_the_published_check_value() -> None:
    assert reference_crc32(b"123456789") == 0xCBF43926


def test_minted_secrets_have_the_published_shape_and_differ() -> None:
    minted = [secrets.mint("ept_") for _ in range(2000)]
    assert len({secret.raw for secret in minted}) == 2000
    for secret in minted:
        assert re.fullmatch(r"ept_[0-9A-Za-z]{38}", secret.raw)
        assert secret.raw[-6:] == reference_checksum(secret.raw[:-6])
        assert secret.hint == secret.raw[:8]
        assert secret.digest == hashlib.sha256(secret.raw.encode()).digest()
        assert secrets.is_well_formed(secret.raw, "ept_")


def test_every_character_of_the_alphabet_is_used() -> None:
    assert set("".join(secrets.mint("ept_").raw[4:36] for _ in range(500))) == set(ALPHABET)


@pytest.mark.parametrize("text", ["", "ept_", KNOWN, "ept_" + "0" * 32, "ept_" + "z" * 32, "ept_€"])
def test_the_checksum_is_crc32_in_base62(text: str) -> None:
    assert secrets.checksum(text) == reference_checksum(text)


def test_small_checksums_are_padded_with_zeros() -> None:
    assert secrets.checksum("") == "000000"


def test_every_single_changed_character_is_noticed() -> None:
    raw = KNOWN + reference_checksum(KNOWN)
    assert secrets.is_well_formed(raw, "ept_")
    changed = [
        raw[:at] + other + raw[at + 1 :] for at in range(len(raw)) for other in ALPHABET + "_-. é٣" if other != raw[at]
    ]
    assert [text for text in changed if secrets.is_well_formed(text, "ept_")] == []


@pytest.mark.parametrize(
    "foreign",
    [
        "",
        "ept_",
        "pk_live_0123456789abcdefghijABCDEFGHIJ",
        f"{KNOWN}{reference_checksum(KNOWN)} ",
        f"{KNOWN}{reference_checksum(KNOWN)}\n",
        f" {KNOWN}{reference_checksum(KNOWN)}",
        f"EPT_{KNOWN[4:]}{reference_checksum(KNOWN)}",
        f"epk_{KNOWN[4:]}{reference_checksum('epk_' + KNOWN[4:])}",
        f"{KNOWN}{reference_checksum(KNOWN)}"[:-1],
        "ept_" + "0" * 10_000,
        "ept_" + "\0" * 38,
        "ept_" + "٣" * 38,
        "ept_" + "é" * 38,
    ],
)
def test_other_forms_are_not_well_formed(foreign: str) -> None:
    assert not secrets.is_well_formed(foreign, "ept_")


def test_a_secret_does_not_show_itself() -> None:
    minted = secrets.mint("ept_")
    assert minted.raw not in repr(minted)
