"""Starts the product as in production: ``EPOCH_ENV=production`` behind a proxy that ends TLS."""

import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import httpx

from support.browser.product import ROOT, await_ready, product_process
from support.certificates import ServerCertificate
from support.ports import unused_port
from support.tls_proxy import TlsProxy

PRODUCTION = {
    "EPOCH_ENV": "production",
    "EPOCH_SECRET_KEY": "k" * 32,
    "EPOCH_CARRIER": "twilio",
    "EPOCH_SMTP_URL": "smtp://127.0.0.1:9",
    "EPOCH_TERMS_URL": "https://www.example.com/terms",
    "EPOCH_PRIVACY_URL": "https://www.example.com/privacy",
    "EPOCH_CONTACT_EMAIL": "support@example.com",
    "TWILIO_ACCOUNT_SID": "AC" + "1" * 32,
    "TWILIO_AUTH_TOKEN": "t" * 32,
    "TWILIO_API_KEY_SID": "SK" + "2" * 32,
    "TWILIO_API_KEY_SECRET": "s" * 32,
    "TWILIO_TWIML_APP_SID": "AP" + "3" * 32,
}
"""All settings that production requires, except URLs and proxies."""


class ProxiedProduct(NamedTuple):
    """A running product and the proxy in front of it."""

    url: str
    certificate: ServerCertificate
    log: Path

    def client(self, address: str) -> httpx.AsyncClient:
        """A client whose connections come from the IP address ``address`` of this machine, such as 127.0.0.2."""
        transport = httpx.AsyncHTTPTransport(verify=self.certificate.client_context(), local_address=address)
        return httpx.AsyncClient(transport=transport, base_url=self.url, timeout=30)


@contextlib.asynccontextmanager
async def proxied_product(database_url: str, folder: Path, **environ: str) -> AsyncIterator[ProxiedProduct]:
    """Start product and proxy; stop both at the end."""
    port, public_port = unused_port(), unused_port()
    certificate = ServerCertificate(folder)
    url = f"https://127.0.0.1:{public_port}"
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("EPOCH_", "TWILIO_"))}
    environment = {
        **inherited,
        **PRODUCTION,
        "EPOCH_PORT": str(port),
        "EPOCH_PUBLIC_URL": url,
        "EPOCH_DATABASE_URL": database_url,
        "EPOCH_DATA_DIR": str(folder / "data"),
        "EPOCH_DRAIN_SECONDS": "0",  # production's ten seconds are for load balancers
        "PYTHONPATH": str(ROOT / "src"),
        **environ,
    }
    log = folder / "log"
    with product_process(environment, log) as process:
        await await_ready(f"http://127.0.0.1:{port}", process, log)
        async with TlsProxy(public_port, port, certificate.server_context()):
            yield ProxiedProduct(url, certificate, log)
