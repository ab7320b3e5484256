"""Prometheus gauges of the job queue: its length and the age of its oldest due job.

All workers and machines share one queue, so a database query measures it when metrics are read, and each machine gives
the same values.
"""

from collections.abc import Iterable, Sequence

import msgspec
import sqlalchemy as sa
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from kit.db.database import Database

MAX_COUNTED = 10_000
"""Waiting jobs are counted up to this number."""
_MEASURE = sa.text("""
    WITH waiting AS (
        SELECT entrypoint, count(*) AS jobs, count(headers ->> 'failure') AS failing
        FROM (SELECT entrypoint, headers FROM pgqueuer WHERE status IN ('queued', 'picked') LIMIT :most) counted
        GROUP BY entrypoint
    )
    SELECT kind, coalesce(jobs, 0) AS jobs, coalesce(failing, 0) AS failing,
           CAST(coalesce(extract(epoch FROM now() - since), 0) AS float8) AS seconds
    FROM unnest(CAST(:kinds AS text[])) AS kind
    LEFT JOIN waiting ON waiting.entrypoint = kind
    LEFT JOIN LATERAL (
        SELECT execute_after AS since FROM pgqueuer
        WHERE entrypoint = kind AND status = 'queued' AND execute_after <= now()
        ORDER BY execute_after LIMIT 1
    ) oldest ON true
""")


class QueueLength(msgspec.Struct, frozen=True):
    """The unfinished jobs of one kind."""

    kind: str
    waiting: int
    failing: int
    """Waiting jobs that failed at least once."""
    oldest_due_seconds: float
    """The seconds since the oldest due job became due; 0 when none is due."""


async def measure_queue(database: Database, kinds: Sequence[str]) -> Sequence[QueueLength]:
    """The lengths of the queue for each of ``kinds``; ``database`` must see all jobs."""
    async with database.sessions() as session:
        rows = await session.execute(_MEASURE, {"kinds": list(kinds), "most": MAX_COUNTED})
        return [QueueLength(*row) for row in rows]


class BacklogCollector(Collector):
    """Collects the gauges; ``lengths`` is None when the database did not answer."""

    def __init__(self, lengths: Sequence[QueueLength] | None) -> None:
        self._lengths = lengths

    def collect(self) -> Iterable[GaugeMetricFamily]:
        is_up = GaugeMetricFamily("epoch_database_up", "1 when the database answered while metrics were read, else 0.")
        is_up.add_metric([], float(self._lengths is not None))
        families = [is_up]
        for name, text, field in (
            ("epoch_jobs_waiting", f"Jobs that wait or run, by kind; counted up to {MAX_COUNTED}.", "waiting"),
            ("epoch_jobs_failing", "Waiting jobs that failed at least once, by kind.", "failing"),
            (
                "epoch_jobs_oldest_due_seconds",
                "Seconds that the oldest due job has waited, by kind.",
                "oldest_due_seconds",
            ),
        ):
            family = GaugeMetricFamily(name, text, labels=["kind"])
            for length in self._lengths or ():
                family.add_metric([length.kind], getattr(length, field))
            families.append(family)
        return families
