"""Starts the product with ``epoch run``, on a separate database, data directory and port; makes its customers."""

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from kit.db.database import ADMIN_ROLE, Database
from kit.settings import Settings, load_settings
from support.factories import (
    Factory,
    Tenant,
    Token,
    sign_in,
)
from support.local_http import local_client
from support.ports import unused_port
from tenants.plans import Plan
from tenants.services import OrganizationService

ROOT = Path(__file__).resolve().parents[3]
START_SECONDS = 60.0
STOP_SECONDS = 30.0
TIED_PROCESS = ROOT / "tests" / "support" / "tied_process.py"
EPOCH = (sys.executable, "-m", "epoch")
LOG_TAIL = 4000
ECHO = "+12125550101"
BUSY = "+12125550102"
NEVER_ANSWERS = "+12125550103"
FAILS = "+12125550104"
HANGS_UP = "+12125550105"
TONES = "+12125550106"


@dataclass(frozen=True, slots=True)
class Product:
    """A running product, its database, its carrier and its environment."""

    settings: Settings
    database: Database
    make: Factory
    carrier: str
    """``http://host:port`` of its sandbox carrier."""
    environ: Mapping[str, str]
    """The environment of its process and its command line."""

    @property
    def url(self) -> str:
        return self.settings.public_url

    async def customer(
        self, *, plan: Plan = Plan.PRO, number: bool = True, allowed_domains: tuple[str, ...] = ()
    ) -> "Customer":
        """Make an organization with an embed token."""
        tenant = await self.make.tenant(plan=plan, number=number)
        return Customer(self, tenant, await self.make.token(tenant, allowed_domains=allowed_domains))

    async def epoch(self, *arguments: str) -> None:
        """Run a command of the product's command line in its environment."""
        process = await asyncio.create_subprocess_exec(
            *EPOCH, *arguments, cwd=ROOT, env=self.environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        output, _ = await process.communicate()
        assert process.returncode == 0, output.decode()


@dataclass(frozen=True, slots=True)
class Customer:
    """An organization of ``product``, its owner and its embed token."""

    product: Product
    tenant: Tenant
    token: Token
    _cookies: dict[str, str] = field(default_factory=dict, repr=False)
    """The owner's session cookies, kept because the password hash makes signing in slow and tests poll ``calls``."""

    async def revoke(self) -> None:
        await self.product.make.revoke(self.tenant, self.token)

    async def change_plan(self, plan: Plan) -> None:
        async with self.product.database.sessions() as session, session.begin():
            await OrganizationService(session).set_plan(self.tenant.organization.slug, plan)

    async def calls(self) -> list[dict[str, Any]]:
        """The organization's calls by the JSON API, as the owner reads them, newest first."""
        async with local_client(self.product.url, cookies=self._cookies, timeout=10) as client:
            if not self._cookies:
                await sign_in(client, self.tenant.owner)
                self._cookies.update(client.cookies)
            response = await client.get(f"/api/organizations/{self.tenant.organization.id}/calls")
        assert response.status_code == 200, response.text
        items: list[dict[str, Any]] = response.json()["items"]
        return items


@contextlib.asynccontextmanager
async def running_product(database_url: str, data_dir: Path, **environ: str) -> AsyncIterator[Product]:
    """Start the product with its defaults and ``environ``; stop it at the end."""
    port = unused_port()
    own_environ = {
        "EPOCH_PORT": str(port),
        "EPOCH_DATA_DIR": str(data_dir),
        "EPOCH_DATABASE_URL": database_url,
        "EPOCH_DRAIN_SECONDS": "0",
        **environ,
    }
    settings = load_settings(own_environ)
    # The product must not read the developer's own settings.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("EPOCH_", "TWILIO_"))}
    environment = {**inherited, **own_environ, "PYTHONPATH": str(ROOT / "src")}
    with product_process(environment, data_dir / "log") as process:
        await await_ready(settings.public_url, process, data_dir / "log")
        database = Database(database_url, role=ADMIN_ROLE)
        try:
            make = Factory(database, settings)
            yield Product(settings, database, make, await _carrier_of(settings, make), environment)
        finally:
            await database.stop()


@contextlib.contextmanager
def product_process(environ: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        # When a run is interrupted, parallel test processes are killed and cannot stop their products.
        argv = [sys.executable, str(TIED_PROCESS), *EPOCH, "run"]
        process = subprocess.Popen(argv, cwd=ROOT, env=environ, stdout=output, stderr=subprocess.STDOUT)
    try:
        yield process
    finally:
        process.terminate()
        try:
            status = process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
    assert status == 0, f"the product ended with {status}: {_tail(log)}"


async def await_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    async with local_client(url, timeout=5) as client:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(START_SECONDS):
                while process.poll() is None:
                    with contextlib.suppress(httpx.HTTPError):
                        if (await client.get("/health/ready")).status_code == 200:
                            return
                    await asyncio.sleep(0.1)
    raise AssertionError(f"the product did not start within {START_SECONDS:.0f} s: {_tail(log)}")


async def _carrier_of(settings: Settings, make: Factory) -> str:
    token = await make.token(await make.tenant())
    async with local_client(settings.public_url) as client:
        response = await client.post("/widget/exchange", json={"token": token.raw})
    assert response.status_code == 200, response.text
    return f"http://{response.json()['signaling']}"


def _tail(log: Path) -> str:
    return log.read_text(errors="replace")[-LOG_TAIL:]
