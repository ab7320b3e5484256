"""TLS contexts of HTTP clients: created once for each set of certificate authorities."""

import certifi
import pytest

from kit.tls import bundled_tls, system_tls


def test_clients_share_one_context() -> None:
    assert system_tls() is system_tls()
    assert bundled_tls(trust_env=True) is bundled_tls(trust_env=True)


def test_other_authorities_make_another_context(monkeypatch: pytest.MonkeyPatch) -> None:
    system, trusting, own = system_tls(), bundled_tls(trust_env=True), bundled_tls(trust_env=False)
    monkeypatch.setenv("SSL_CERT_FILE", certifi.where())
    assert system_tls() is not system
    assert bundled_tls(trust_env=True) is not trusting
    assert bundled_tls(trust_env=False) is own
