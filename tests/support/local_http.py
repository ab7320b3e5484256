"""HTTP clients for the servers that tests start on this machine; they share one TLS context."""

import ssl
from typing import Any

import httpx

_TLS = ssl.create_default_context()
"""Made once: otherwise httpx makes a context for each client, which takes 20 ms of processor time."""


def get_local(url: str, **options: Any) -> httpx.Response:
    """As ``httpx.get``."""
    return httpx.get(url, verify=_TLS, **options)


def post_local(url: str, **options: Any) -> httpx.Response:
    """As ``httpx.post``."""
    return httpx.post(url, verify=_TLS, **options)


def local_client(base_url: str = "", **options: Any) -> httpx.AsyncClient:
    """A client for the server at ``base_url``; ``options`` go to ``httpx.AsyncClient``."""
    return httpx.AsyncClient(base_url=base_url, verify=_TLS, **options)
