"""Signatures by the product's secret: earlier secrets still verify, but never sign."""

from kit.secret_keys import SecretKeys, Signer

OLD, NEW = "o" * 32, "n" * 32


def test_a_predecessor_verifies_and_never_signs() -> None:
    old, both = Signer(SecretKeys(OLD), "csrf"), Signer(SecretKeys(NEW, (OLD,)), "csrf")
    signature = old.sign(b"message").hex()
    assert both.verify(b"message", signature)
    assert not both.is_current(b"message", signature)
    assert both.sign(b"message") == Signer(SecretKeys(NEW), "csrf").sign(b"message")
    assert not old.verify(b"message", both.sign(b"message").hex())


def test_another_purpose_or_message_verifies_nothing() -> None:
    secrets = SecretKeys(NEW, (OLD,))
    signature = Signer(secrets, "csrf").sign(b"message").hex()
    assert not Signer(secrets, "ticket").verify(b"message", signature)
    for wrong in ("", "é", signature[:-1], signature.upper() + "x"):
        assert not Signer(secrets, "csrf").verify(b"message", wrong)
    assert not Signer(secrets, "csrf").verify(b"another", signature)


def test_each_secret_is_used_once() -> None:
    assert len(SecretKeys(NEW, (OLD, NEW)).derive("csrf")) == 2
