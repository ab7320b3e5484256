"""Divides the database connections of one worker among its engines and pools: a stated bound, none beyond it."""

import msgspec

DEFAULT_CONNECTIONS = 20
MIN_CONNECTIONS = 10
"""With fewer, a request that opens a second session would wait for itself."""


class ConnectionShares(msgspec.Struct, frozen=True, kw_only=True):
    """How many connections each engine and pool of a worker may open; together never more than the worker's bound.

    ``docs/decisions/0131`` has the table. Each role has at most one engine and one raw pool.
    """

    requests: int
    """Engine, role ``epoch_app``: sessions of pages, the API and call admission."""
    guards: int
    """Raw pool, role ``epoch_app``: what is looked up before a handler runs."""
    lookups: int
    """Raw pool, role ``epoch_lookup``: single statements of the exchange, API keys, carrier callbacks and buffers."""
    jobs: int
    """Engine, role ``epoch_admin``: sessions of background jobs."""
    job_queue: int
    """One connection outside all pools, role ``epoch_admin``: the job queue's statements and its LISTEN."""
    staff: int
    """Engine, role ``epoch_staff``: sessions of the back office."""

    @property
    def total(self) -> int:
        """The worker's bound."""
        return self.requests + self.guards + self.lookups + self.jobs + self.job_queue + self.staff


def share_connections(total: int) -> ConnectionShares:
    """Divide ``total`` connections, at least ``MIN_CONNECTIONS``, in the proportions of the default.

    What rounding leaves over goes to ``requests``.
    """
    guards = max(1, total * 2 // DEFAULT_CONNECTIONS)
    # With 3 of 20, exchanges wait for each other and cost a third more CPU.
    lookups = max(1, total * 6 // DEFAULT_CONNECTIONS)
    # A job may hold a session while it opens another.
    jobs = max(2, total * 3 // DEFAULT_CONNECTIONS)
    staff = max(1, total * 2 // DEFAULT_CONNECTIONS)
    job_queue = 1
    return ConnectionShares(
        requests=total - guards - lookups - jobs - job_queue - staff,
        guards=guards,
        lookups=lookups,
        jobs=jobs,
        job_queue=job_queue,
        staff=staff,
    )
