"""The division of a worker's maximum of database connections among its pools."""

import pytest

from kit.db.connections import DEFAULT_CONNECTIONS, MIN_CONNECTIONS, ConnectionShares, share_connections
from kit.settings import load_settings


@pytest.mark.parametrize("total", range(MIN_CONNECTIONS, 201))
def test_the_shares_add_up_to_the_bound_and_none_is_empty(total: int) -> None:
    shares = share_connections(total)
    assert shares.total == total
    assert min(shares.requests, shares.guards, shares.lookups, shares.job_queue, shares.staff, shares.exports) >= 1
    assert shares.jobs >= 2


def test_the_default_is_the_documented_table() -> None:
    assert share_connections(DEFAULT_CONNECTIONS) == ConnectionShares(
        requests=6, guards=2, lookups=5, jobs=3, job_queue=1, staff=2, exports=1
    )
    assert load_settings({}).database_connections == DEFAULT_CONNECTIONS
    assert share_connections(MIN_CONNECTIONS).requests == 2
