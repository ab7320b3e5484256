"""Encryption for cookies and stored secrets: bound to purpose, key and age; the check of a path for redirects."""

from dashboard.pages import is_own_path
from kit.encryption import Encryptor
from kit.secret_keys import SecretKeys

SECRET = SecretKeys("s" * 32)


def test_what_was_sealed_opens_again_and_shows_nothing_before() -> None:
    encrypted = Encryptor(SECRET, "notice").encrypt(b"ept_secret")
    assert "ept_secret" not in encrypted
    assert Encryptor(SECRET, "notice").decrypt(encrypted, seconds=60) == b"ept_secret"


def test_another_purpose_key_or_text_opens_nothing() -> None:
    encrypted = Encryptor(SECRET, "notice").encrypt(b"x")
    assert Encryptor(SECRET, "issued").decrypt(encrypted, seconds=60) is None
    assert Encryptor(SecretKeys("t" * 32), "notice").decrypt(encrypted, seconds=60) is None
    for wrong in ("", "é", encrypted[:-2], "x" + encrypted):
        assert Encryptor(SECRET, "notice").decrypt(wrong, seconds=60) is None


def test_what_is_too_old_does_not_open() -> None:
    encrypted = Encryptor(SECRET, "notice").encrypt(b"x")
    assert Encryptor(SECRET, "notice").decrypt(encrypted, seconds=-1) is None


def test_a_predecessor_decrypts_and_the_present_secret_encrypts() -> None:
    old, new = SecretKeys("s" * 32), SecretKeys("t" * 32, ("s" * 32,))
    encrypted = Encryptor(old, "outbox").encrypt(b"x")
    both = Encryptor(new, "outbox")
    assert both.decrypt(encrypted, seconds=60) == b"x"
    assert not both.is_current(encrypted)
    renewed = both.renew(encrypted)
    assert renewed is not None
    assert both.is_current(renewed)
    assert both.is_current(both.encrypt(b"x"))
    assert Encryptor(SecretKeys("t" * 32), "outbox").decrypt(renewed, seconds=None) == b"x"
    assert Encryptor(SecretKeys("u" * 32), "outbox").renew(encrypted) is None


def test_only_paths_of_this_site_are_ours() -> None:
    assert is_own_path("/dashboard/acme?status=busy#top")
    for elsewhere in ("https://evil.example", "//evil.example", "/\\evil.example", "", "x", "/a\r\nb", "/é"):
        assert not is_own_path(elsewhere)
