"""Prometheus metrics of jobs and periodic tasks.

All metrics have labels, because this module is loaded before the worker's metrics are set up for several processes.
"""

import enum
from collections.abc import Iterable

from prometheus_client import Counter, Histogram


class JobOutcome(enum.StrEnum):
    """The results of one attempt of a job."""

    SUCCEEDED = "succeeded"
    RETRIED = "retried"
    """The attempt failed, and the job is tried again."""
    GIVEN_UP = "given_up"


class TaskOutcome(enum.StrEnum):
    """The results of one run of a periodic task."""

    SUCCEEDED = "succeeded"
    PUT_OFF = "put_off"
    """Another service failed; the next run repeats the work."""
    FAILED = "failed"


JOBS = Counter("epoch_jobs", "Attempts of jobs, by kind and outcome.", ["kind", "outcome"])
JOB_SECONDS = Histogram(
    "epoch_job_duration_seconds",
    "Seconds of an attempt of a job, by kind.",
    ["kind"],
    buckets=(0.05, 0.25, 1, 5, 15, 60, 120),
)
PERIODIC_TASKS = Counter("epoch_periodic_tasks", "Runs of periodic tasks, by task and outcome.", ["task", "outcome"])


def begin_series(kinds: Iterable[str], tasks: Iterable[str]) -> None:
    """Begin the series that alerts use at 0: a rate needs two samples, so it would miss the first failure."""
    for kind in kinds:
        for outcome in JobOutcome:
            JOBS.labels(kind, outcome)
    for task in tasks:
        for result in TaskOutcome:
            PERIODIC_TASKS.labels(task, result)
