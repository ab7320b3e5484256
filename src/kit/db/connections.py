"""Divides the database connections of one worker among its engines and pools, also those to the read replica."""

import msgspec

DEFAULT_CONNECTIONS = 20
MIN_CONNECTIONS = 10
"""With fewer, a request that opens a second session could wait for the connection of its own first session."""


class ConnectionShares(msgspec.Struct, frozen=True, kw_only=True):
    """The maximum of connections for each engine and pool of a worker; their sum is the worker's maximum.

    ``docs/decisions/0131`` has the table. Each role has at most one engine and one raw pool.
    """

    requests: int
    """Engine, role ``epoch_app``: sessions of pages, the API and call admission."""
    guards: int
    """Raw pool, role ``epoch_app``: reads of guards and authentication before a handler runs."""
    lookups: int
    """Raw pool, role ``epoch_lookup``: single statements of the exchange, API keys, carrier callbacks and buffers."""
    jobs: int
    """Engine, role ``epoch_admin``: sessions of background jobs."""
    job_queue: int
    """One connection outside all pools, role ``epoch_admin``: the job queue's statements and its LISTEN."""
    staff: int
    """Engine, role ``epoch_staff``: sessions of the back office."""
    exports: int
    """Engine, role ``epoch_app``: batches of rows that exports read."""

    @property
    def total(self) -> int:
        """The worker's maximum."""
        return self.requests + self.guards + self.lookups + self.jobs + self.job_queue + self.staff + self.exports


class ReplicaShares(msgspec.Struct, frozen=True, kw_only=True):
    """The maximum of connections of a worker to the read replica; they come on top of the ``ConnectionShares``."""

    lists: int
    """Engine, role ``epoch_app``: sessions of lists and reports."""
    exports: int
    """Engine, role ``epoch_app``: batches of rows that exports read."""
    watch: int = 1
    """One connection outside all pools: measures how far the replica is behind."""

    @property
    def total(self) -> int:
        """The worker's maximum."""
        return self.lists + self.exports + self.watch


def share_replica_connections(total: int) -> ReplicaShares:
    """The connections to the replica of a worker that may open ``total`` to the database itself."""
    return ReplicaShares(
        lists=max(2, total * 4 // DEFAULT_CONNECTIONS),
        # Two are enough: an export that finds both busy reads its rows from the database itself.
        exports=max(2, total * 2 // DEFAULT_CONNECTIONS),
    )


def share_connections(total: int) -> ConnectionShares:
    """Divide ``total`` connections, at least ``MIN_CONNECTIONS``, in the proportions of the default.

    The remainder after rounding goes to ``requests``.
    """
    guards = max(1, total * 2 // DEFAULT_CONNECTIONS)
    # Measured: with 3 of 20, exchanges wait for connections and need a third more CPU.
    lookups = max(1, total * 5 // DEFAULT_CONNECTIONS)
    # A job may use two sessions at the same time.
    jobs = max(2, total * 3 // DEFAULT_CONNECTIONS)
    staff = max(1, total * 2 // DEFAULT_CONNECTIONS)
    job_queue = 1
    exports = max(1, total // DEFAULT_CONNECTIONS)
    return ConnectionShares(
        requests=total - guards - lookups - jobs - job_queue - staff - exports,
        guards=guards,
        lookups=lookups,
        jobs=jobs,
        job_queue=job_queue,
        staff=staff,
        exports=exports,
    )
