"""Serves the health checks ``/health/…`` and the Prometheus metrics ``/metrics``."""

import asyncio
import hmac
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, TypeVar

from litestar import Request, Response, Router, get
from litestar.datastructures import State
from prometheus_client import CONTENT_TYPE_LATEST

from calls.callback_signatures import CALLBACK_SIGNATURES
from carrier.breaker import BreakerState
from carrier.health import CARRIER_HEALTH
from epoch.backlogs import BACKLOGS, backlog_collectors
from epoch.disk_space import describe_full_disks
from epoch.partition_job import PARTITIONS, PartitionCheck
from epoch.partition_metrics import PartitionCollector
from epoch.readiness import READINESS, ReadinessState
from kit.clock import CLOCK
from kit.db.database import Database
from kit.db.outage import DISK_FULL_ADVICE, READ_ONLY_ADVICE, is_outage
from kit.db.replica_metrics import ReplicaCollector
from kit.errors import Forbidden
from kit.failures import FAILURES
from kit.http.app_key import DATABASE, JOB_QUEUE, READ_REPLICA, SETTINGS
from kit.http.client_ip_address import client_ip_address, is_loopback
from kit.http.rate_limit import RATE_LIMITER
from kit.jobs.backlog_metrics import BacklogCollector
from kit.jobs.queue import JobQueue
from kit.metrics import read_metrics
from kit.settings import Settings

Measured = TypeVar("Measured")
MAX_CLOCK_SKEW = timedelta(seconds=5)
"""A larger difference to the database's clock is a warning: access tokens contain the time of this machine's clock."""
MAX_JOB_WAIT = timedelta(minutes=2)
"""Due jobs that wait longer are a warning: a process that runs jobs starts them within seconds."""
_TIME_AND_READ_ONLY = "SELECT clock_timestamp(), current_setting('transaction_read_only')::boolean"
_NOT_STORED = {"Cache-Control": "no-store"}


class MetricsForbidden(Forbidden):
    """The request has no metrics token; outside production, it also does not come from this machine."""

    code = "metrics_forbidden"
    message = "Metrics need the bearer token EPOCH_METRICS_TOKEN. Outside production, this machine needs none"


@get("/health/live", include_in_schema=False)
async def live() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@get("/health/ready", include_in_schema=False)
async def ready(request: Request[Any, Any, State]) -> Response[dict[str, Any]]:
    """200 unless the process starts or is about to stop; failing dependencies do not count: all machines share them."""
    readiness = READINESS.get(request.app)
    is_ready = readiness.state is ReadinessState.READY
    body = {
        "status": "ok" if is_ready else readiness.state.value,
        "role": readiness.role.value,
        "work": readiness.role.work,
    }
    return Response(body, status_code=200 if is_ready else 503, headers=_NOT_STORED)


@get("/health/dependencies", include_in_schema=False)
async def dependencies(request: Request[Any, Any, State]) -> Response[dict[str, Any]]:
    """503 when the database, which requests need, does not work; ``warnings`` say why, and name other problems."""
    problem = await _find_database_problem(DATABASE.get(request.app))
    failing = [] if problem is None else ["database"]
    warnings = [f"database: {problem}"] if problem else []
    if CARRIER_HEALTH.get(request.app).state is not BreakerState.CLOSED:
        warnings.append("carrier: it failed repeatedly and is asked less often until it answers")
    if CARRIER_HEALTH.get(request.app).is_access_refused:
        warnings.append("carrier: it refuses our credentials, or the account is suspended; see `epoch doctor`")
    if CALLBACK_SIGNATURES.get(request.app).is_suspicious:
        warnings.append(
            "carrier callbacks: the last one had a wrong signature, as with another auth token than TWILIO_AUTH_TOKEN"
            " or another URL than EPOCH_PUBLIC_URL"
        )
    if RATE_LIMITER.get(request.app).is_degraded:
        warnings.append("rate limits: the shared store does not answer, so each process counts for itself")
    if abs(CLOCK.skew) > MAX_CLOCK_SKEW:
        warnings.append(
            f"clock: this machine's is {abs(CLOCK.skew.total_seconds()):.0f} s away from the database's; set it (NTP)"
        )
    replica = READ_REPLICA.get(request.app)
    if replica is not None and replica.was_measured and not replica.is_in_use:
        warnings.append(f"replica: {replica.reason}, so lists and reports read the database itself")
    full_disks = await asyncio.to_thread(describe_full_disks, SETTINGS.get(request.app))
    warnings += [f"disk: {line}" for line in full_disks]
    if not failing:
        warnings += [f"partitions: {fault}" for fault in await _find_partition_faults(PARTITIONS.get(request.app))]
    if not failing and not READINESS.get(request.app).role.runs_jobs:
        warnings += await _warn_of_waiting_jobs(JOB_QUEUE.get(request.app))
    body = {"status": "unavailable" if failing else "ok", "failing": failing, "warnings": warnings}
    return Response(body, status_code=503 if failing else 200, headers=_NOT_STORED)


@get("/metrics", include_in_schema=False)
async def metrics(request: Request[Any, Any, State]) -> Response[bytes]:
    """Metrics of all workers of this machine, the job queue, other backlogs, partitions and the read replica."""
    _ensure_may_read_metrics(request)
    queue = await _try_to_measure(JOB_QUEUE.get(request.app).measure)
    # A database that did not answer is not asked again: the other metrics must come quickly then.
    backlogs = None if queue is None else await _try_to_measure(BACKLOGS.get(request.app).measure)
    partitions = None if backlogs is None else await _try_to_measure(PARTITIONS.get(request.app).measure)
    # In a thread: adding up the files of all workers takes as long as many requests.
    measured_in_database = (
        BacklogCollector(queue),
        *backlog_collectors(backlogs),
        PartitionCollector(partitions),
        ReplicaCollector(READ_REPLICA.get(request.app)),
    )
    text = await asyncio.to_thread(read_metrics, *measured_in_database)
    return Response(text, headers={"Content-Type": CONTENT_TYPE_LATEST})


async def _try_to_measure(measure: Callable[[], Awaitable[Measured]]) -> Measured | None:
    """The result of ``measure``; None when the database does not answer."""
    try:
        return await measure()
    except Exception as error:
        FAILURES.report(error, where="/metrics")
        return None


def _ensure_may_read_metrics(request: Request[Any, Any, State]) -> None:
    settings: Settings = SETTINGS.get(request.app)
    token = settings.metrics_token
    scheme, _, bearer_token = request.headers.get("authorization", "").partition(" ")
    if token is not None and scheme == "Bearer" and hmac.compare_digest(bearer_token.encode(), token.encode()):
        return
    # The requests of a proxy on this machine come from loopback, whoever its client is.
    has_proxy = settings.is_production or bool(settings.trusted_proxies)
    if has_proxy or not is_loopback(client_ip_address(request.scope)):
        raise MetricsForbidden


async def _warn_of_waiting_jobs(queue: JobQueue) -> list[str]:
    """A warning when due jobs wait for a process that runs jobs, as this one does not; else nothing."""
    try:
        wait = await queue.longest_wait()
    except Exception as error:
        if not is_outage(error):
            raise
        return []
    if wait <= MAX_JOB_WAIT:
        return []
    minutes = wait.total_seconds() / 60
    return [f"jobs: due ones have waited for {minutes:.0f} min: start `epoch jobs`, or look at its log"]


async def _find_partition_faults(partitions: PartitionCheck) -> list[str]:
    """A sentence about each fault; none when the database does not answer."""
    try:
        return await partitions.find_faults()
    except Exception as error:
        if not is_outage(error):
            raise
        return []


async def _find_database_problem(database: Database) -> str | None:
    """The reason why the database cannot be used; empty when it does not answer, None when it works.

    Also compares the database's clock with this machine's.
    """
    try:
        async with asyncio.timeout(database.connect_seconds):
            asked_at = CLOCK.machine_now()
            database_time, is_read_only = await database.lookup_pool.fetch_row(_TIME_AND_READ_ONLY)
            CLOCK.measure_skew(database_time, asked_at=asked_at, answered_at=CLOCK.machine_now())
    except Exception:
        return ""
    if is_read_only:
        return READ_ONLY_ADVICE
    return DISK_FULL_ADVICE if FAILURES.is_disk_full else None


health_router = Router(path="/", route_handlers=[live, ready, dependencies, metrics])
