"""Production behind a proxy that ends TLS: clients are told apart by their IP addresses if the proxy is trusted."""

from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from accounts.login_throttle import SIGN_IN_FAILURES_PER_IP_ADDRESS
from support.api_helpers import with_csrf
from support.production import ProxiedProduct, proxied_product

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
METRICS_TOKEN = "m" * 32
ATTACKER, VISITOR, STAFF = "127.0.0.2", "127.0.0.3", "127.0.0.4"


@pytest.fixture(scope="module")
async def product(
    new_migrated_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[ProxiedProduct]:
    """The product that trusts its proxy, with a token for metrics and one network of staff."""
    environ = {
        "EPOCH_TRUSTED_PROXIES": "127.0.0.1",
        "EPOCH_METRICS_TOKEN": METRICS_TOKEN,
        "EPOCH_ADMIN_NETWORKS": STAFF,
    }
    folder = tmp_path_factory.mktemp("trusting")
    async with proxied_product(new_migrated_database(), folder, **environ) as running:
        yield running


@pytest.fixture(scope="module")
async def untrusting_product(
    new_migrated_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[ProxiedProduct]:
    """The product whose operator says that there is no proxy, and admits staff of this machine."""
    environ = {"EPOCH_TRUSTED_PROXIES": "none", "EPOCH_ADMIN_NETWORKS": "127.0.0.0/8"}
    folder = tmp_path_factory.mktemp("untrusting")
    async with proxied_product(new_migrated_database(), folder, **environ) as running:
        yield running


async def sign_in_wrongly(client: httpx.AsyncClient, email: str, **headers: str) -> int:
    body = {"email": email, "password": "not the password"}
    return (await client.post("/api/session", json=body, headers=headers)).status_code


async def test_wrong_sign_ins_lock_out_their_own_address_alone(product: ProxiedProduct) -> None:
    async with product.client(ATTACKER) as attacker, product.client(VISITOR) as visitor:
        await with_csrf(attacker)
        await with_csrf(visitor)
        limit = SIGN_IN_FAILURES_PER_IP_ADDRESS.limit
        # The window may end in between; a second one cannot.
        for attempt in range(2 * limit + 1):
            spoofed = {"x-forwarded-for": f"9.9.9.{attempt}"}
            status = await sign_in_wrongly(attacker, f"nobody-{attempt}@example.com", **spoofed)
            if status == 429:
                break
            assert status == 401
        assert status == 429, "each spoofed address was counted by itself"
        assert attempt >= limit
        spoofed = {"x-forwarded-for": VISITOR, "forwarded": f"for={VISITOR}", "x-real-ip": VISITOR}
        assert await sign_in_wrongly(attacker, "other@example.com", **spoofed) == 429
        assert await sign_in_wrongly(visitor, "other@example.com") == 401


async def test_metrics_need_their_token(product: ProxiedProduct) -> None:
    async with product.client(ATTACKER) as stranger, product.client("127.0.0.1") as neighbour:
        for client in (stranger, neighbour):
            for headers in ({}, {"x-forwarded-for": "127.0.0.1"}, {"authorization": f"Bearer {METRICS_TOKEN}x"}):
                assert (await client.get("/metrics", headers=headers)).status_code == 403
        answer = await stranger.get("/metrics", headers={"authorization": f"Bearer {METRICS_TOKEN}"})
        assert answer.status_code == 200


async def test_admin_networks_are_compared_with_the_real_client(product: ProxiedProduct) -> None:
    async with product.client(STAFF) as staff, product.client(ATTACKER) as stranger:
        assert (await staff.get("/admin/login")).status_code == 200
        assert (await stranger.get("/admin/login")).status_code == 404
        assert (await stranger.get("/admin/login", headers={"x-forwarded-for": STAFF})).status_code == 404


async def test_without_trusted_proxies_no_client_counts_as_local(untrusting_product: ProxiedProduct) -> None:
    async with untrusting_product.client("127.0.0.1") as client:
        assert (await client.get("/metrics")).status_code == 403
        assert (await client.get("/admin/login")).status_code == 404
        for path in ("/login", "/login", "/health/ready"):
            assert (await client.get(path)).status_code == 200
    logged = untrusting_product.log.read_text()
    assert logged.count("proxy_not_trusted") == 1
    assert "EPOCH_TRUSTED_PROXIES" in logged
