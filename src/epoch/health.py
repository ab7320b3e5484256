"""Health checks and Prometheus metrics."""

import asyncio
import hmac
import os
from ipaddress import ip_address
from typing import Any

from litestar import Request, Response, Router, get
from litestar.datastructures import State
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from kit.db.database import Database
from kit.errors import Forbidden
from kit.http.app_key import DATABASE, SETTINGS


class MetricsForbidden(Forbidden):
    """Neither from this machine nor with the metrics token."""

    code = "metrics_forbidden"
    message = "Metrics are for this machine, or for a bearer of EPOCH_METRICS_TOKEN"


@get("/health/live", include_in_schema=False)
async def live() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@get("/health/ready", include_in_schema=False)
async def ready(request: Request[Any, Any, State]) -> Response[dict[str, Any]]:
    """Every part that requests need answers; otherwise 503 with the names of those that do not."""
    failing = [name for name, works in (("database", await _database_works(DATABASE.get(request.app))),) if not works]
    body: dict[str, Any] = {"status": "unavailable", "failing": failing} if failing else {"status": "ok"}
    return Response(body, status_code=503 if failing else 200, headers={"Cache-Control": "no-store"})


@get("/metrics", include_in_schema=False)
async def metrics(request: Request[Any, Any, State]) -> Response[bytes]:
    """Prometheus text of this process, or of all workers when they share a directory."""
    _ensure_may_read_metrics(request)
    registry: CollectorRegistry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library's own omission
    return Response(generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})


def _ensure_may_read_metrics(request: Request[Any, Any, State]) -> None:
    token: str | None = SETTINGS.get(request.app).metrics_token
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if token is not None and scheme == "Bearer" and hmac.compare_digest(given.encode(), token.encode()):
        return
    if request.client is None or not ip_address(request.client.host).is_loopback:
        raise MetricsForbidden


async def _database_works(database: Database) -> bool:
    try:
        async with asyncio.timeout(database.connect_seconds):
            return bool(await database.lookup_pool.fetch_value("SELECT true"))
    except Exception:
        return False


health_router = Router(path="/", route_handlers=[live, ready, metrics])
