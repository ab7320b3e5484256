"""Fills the database of the benchmarks of calls (such as ``outgoing.py``): organizations, past calls and live calls."""

import asyncio
import json
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from calls.limits.limit_names import DEFAULT_LIMITS
from dashboard_data import ID_OF

ORGANIZATIONS = 1000
"""Tenants call in turn, a few calls each: none comes near a limit, and every limit is checked."""
BUSY_ORGANIZATION = 1
"""The number of the organization with many live calls, which its high limits allow."""
QUIET_ORGANIZATION = 2
"""The number of the organization with one live call; its limits are as high."""
LIVE_CALLS = 1000
_PEOPLE = """
INSERT INTO organization (id, name, slug, plan, country, limits, created_at)
SELECT id_of('organization', n), 'Customer ' || n, 'customer-' || n, 'enterprise', 'US',
CASE WHEN n <= 2 THEN $1::jsonb ELSE '{}' END, now() - interval '60 days' FROM generate_series(1, $2::int) n
"""
_NUMBERS = """
INSERT INTO phone_number (id, organization_id, e164)
SELECT id_of('number', n), id_of('organization', n), '+1' || 2012000000 + n FROM generate_series(1, $1::int) n
"""
_TOKENS = """
INSERT INTO embed_token (id, organization_id, digest, prefix, label)
SELECT id_of('token', n), id_of('organization', n), sha256(('token' || n)::bytea), 'ept_abcd', 'Team ' || n
FROM generate_series(1, $1::int) n
"""
# A year of calls in the order of time, a tenth of them of each of the two with high limits.
_CALLS = """
INSERT INTO call (id, organization_id, carrier_sid, token_id, call_id, identity, from_number, to_number, status,
duration, started_at, answered_at, ended_at, country, created_at)
SELECT id_of(began, 'call' || n), id_of('organization', owner), 'CA' || md5('call' || n), id_of('token', owner),
CASE WHEN $3::bool THEN id_of(began, 'made' || n) END,
'w_' || md5('w' || n), '+12012000001', '+1' || 2120000000 + n, 'completed', 60, began, began, began + interval '60 s',
'US', began
FROM (
    SELECT n, now() - interval '365 days' * (1 - n::float8 / $1::int) AS began,
    CASE n % 10 WHEN 0 THEN 1 WHEN 1 THEN 2 ELSE 3 + n * 7919 % ($2::int - 2) END AS owner
    FROM generate_series(1::bigint, $1::int) n
) made
"""
_LIVE = """
INSERT INTO call (id, organization_id, carrier_sid, token_id, identity, from_number, to_number, status, started_at,
country, limit_minutes, rate_micros, reserved_until)
SELECT id_of(now(), 'live' || owner || n), id_of('organization', owner), 'CA' || md5('live' || owner || n),
id_of('token', owner), 'w_' || md5('live' || n), '+12012000001', '+1' || 2130000000 + n, 'in-progress', now(), 'US', 60,
14000, now() + interval '1 hour'
FROM (VALUES (1, $1::int), (2, 1)) held (owner, calls), generate_series(1, held.calls) n
"""
_COUNTERS = """
INSERT INTO usage_counter
(id, organization_id, scope, key, live, reserved_minutes, reserved_micros, minute_start, day, month)
SELECT id_of('use', owner * 10 + part), id_of('organization', owner), scope,
CASE scope WHEN 'token' THEN replace(id_of('token', owner)::text, '-', '') ELSE '' END, calls, calls * 60,
calls * 60 * 14000, now(), date_trunc('day', now(), 'UTC'), date_trunc('month', now(), 'UTC')
FROM (VALUES (1, $1::int), (2, 1)) live (owner, calls),
(VALUES (1, 'organization'), (2, 'token')) counters (part, scope)
"""


@dataclass(frozen=True)
class Tenants:
    """Organizations and their tokens, by number."""

    organizations: list[UUID]
    tokens: list[UUID]


def fill(database_url: str, calls: int, *, has_call_ids: bool = False) -> Tenants:
    """Fill the migrated, empty database with ``calls`` that are over, with the widget's ids for them or without."""
    return asyncio.run(_fill(database_url, calls, has_call_ids=has_call_ids))


async def _fill(database_url: str, calls: int, *, has_call_ids: bool) -> Tenants:
    limits = json.dumps({**dict.fromkeys(DEFAULT_LIMITS, 100_000_000), "first_days": 0})
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute("SET session_replication_role = replica; SET maintenance_work_mem = '256MB'")
        await connection.execute(ID_OF)
        await connection.execute("UPDATE pg_index SET indisready = false WHERE indrelid = 'call'::regclass")
        await connection.execute(_PEOPLE, limits, ORGANIZATIONS)
        await connection.execute(_NUMBERS, ORGANIZATIONS)
        await connection.execute(_TOKENS, ORGANIZATIONS)
        await connection.execute(_CALLS, calls, ORGANIZATIONS, has_call_ids, timeout=600)
        await connection.execute(_LIVE, LIVE_CALLS)
        await connection.execute(_COUNTERS, LIVE_CALLS)
        await connection.execute("REINDEX TABLE call", timeout=600)
        await connection.execute("VACUUM ANALYZE", timeout=600)
        made = await connection.fetch(
            "SELECT id_of('organization', n) o, id_of('token', n) t FROM generate_series(1, $1::int) n", ORGANIZATIONS
        )
    finally:
        await connection.close()
    return Tenants([row["o"] for row in made], [row["t"] for row in made])
