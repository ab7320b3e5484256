"""TLS contexts for this process's clients, each created once: reading the certificate authorities takes 20 ms."""

import functools
import os
import ssl

import httpx


def system_tls() -> ssl.SSLContext:
    """A context that trusts the operating system's authorities, or those of ``SSL_CERT_FILE`` and ``SSL_CERT_DIR``."""
    return _system_tls(*_authority_variables())


def bundled_tls(*, trust_env: bool) -> ssl.SSLContext:
    """A context that trusts certifi's authorities, or with ``trust_env`` those of the same variables.

    httpx creates such a context for each client that is created without one.
    """
    return _bundled_tls(*(_authority_variables() if trust_env else (None, None)))


def _authority_variables() -> tuple[str | None, str | None]:
    return os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")


@functools.cache
def _system_tls(_file: str | None, _folder: str | None) -> ssl.SSLContext:
    return ssl.create_default_context()  # OpenSSL reads the variables


@functools.cache
def _bundled_tls(file: str | None, folder: str | None) -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=bool(file or folder))
