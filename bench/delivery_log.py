"""Fills a log of webhook deliveries with many rows, and measures a webhook's page and the API's list of deliveries."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from uuid import UUID

import asyncpg

from accounts.auth import cookie_name
from dashboard_data import ID_OF
from dashboard_pages import serve_and_measure
from epoch.migrations import upgrade
from epoch.server.embedded_postgres import EmbeddedPostgres
from kit import secrets
from kit.db.paging import cursor_after
from serving import public_url

ROWS = 10_000_000
P50_TARGET = 0.025
"""Seconds that the page may take."""
ROUNDS = 100
_DATABASE = "delivery-log"
_SESSION = "session-of-the-benchmark"
_ORGANIZATIONS = 100
_ENDPOINTS_EACH = 10
_BIG_SHARE = 4
"""A quarter of all deliveries is of one endpoint; each event goes to one endpoint."""
_PEOPLE = """
INSERT INTO user_account (id, email, password_hash, email_verified_at)
VALUES (id_of('user', 1), 'owner-1@customer.test', 'none', now());
INSERT INTO organization (id, name, slug, plan, country)
SELECT id_of('organization', n), 'Customer ' || n, 'customer-' || n, 'pro', 'US' FROM generate_series(1, {of}) n;
INSERT INTO membership (id, organization_id, user_id, role)
VALUES (id_of('membership', 1), id_of('organization', 1), id_of('user', 1), 'owner');
INSERT INTO webhook_endpoint (id, organization_id, url, events, secret)
SELECT id_of('endpoint', n), id_of('organization', (n - 1) / {each} + 1), 'https://crm.customer.test/' || n,
ARRAY['call.ended'], 'none' FROM generate_series(1, {of} * {each}) n
"""
# Thirty days of events in order of time. One delivery in a hundred failed, one in a thousand waits.
_EVENTS = """
INSERT INTO organization_event (id, organization_id, sequence, type, body, created_at)
SELECT id_of(at, 'event' || n), id_of('organization', (place - 1) / {each} + 1), n, 'call.ended',
'{{"n": ' || n || '}}', at FROM ({made}) made
"""
_DELIVERIES = """
INSERT INTO webhook_delivery
(id, organization_id, endpoint_id, event_id, sequence, type, state, attempts, next_attempt_at, retry_until, created_at)
SELECT id_of(at, 'delivery' || n), id_of('organization', (place - 1) / {each} + 1), id_of('endpoint', place),
id_of(at, 'event' || n), n, 'call.ended',
CASE WHEN n % 1000 = 0 THEN 'pending' WHEN n % 100 = 0 THEN 'failed' ELSE 'delivered' END,
jsonb_build_array(jsonb_build_object('at', to_char(at, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'status',
CASE WHEN n % 100 = 0 THEN 500 ELSE 200 END, 'answer', 'ok')),
CASE WHEN n % 1000 = 0 THEN now() + interval '1 hour' END, at + interval '3 days', at
FROM ({made}) made
"""
_ROWS = """
SELECT n, now() - interval '30 days' * (1 - n::float8 / {rows}) AS at,
CASE WHEN n % {share} = 0 THEN 1 ELSE 2 + n * 7919 % ({of} * {each} - 1) END AS place
FROM generate_series(1::bigint, {rows}) n
"""
_FILLED = ("organization_event", "webhook_delivery")
_PARTITIONS = """
SELECT relid::regclass::text FROM unnest($1::text[]) name, pg_partition_tree(name::regclass) WHERE isleaf
"""
_WITHOUT_INDEXES = "UPDATE pg_index SET indisready = false WHERE indrelid = ANY ($1::text[]::regclass[])"
_SIGN_IN = """
INSERT INTO login_session (id, user_id, digest, expires_at, last_seen_at)
VALUES (id_of('session', 1), id_of('user', 1), $1, now() + interval '14 days', now())
"""
_NTH = """
SELECT id FROM webhook_delivery WHERE endpoint_id = id_of('endpoint', $1::bigint) ORDER BY id DESC OFFSET $2 LIMIT 1
"""


def measure(postgres: EmbeddedPostgres, rows: int, core: int) -> Mapping[str, Sequence[float]]:
    """Fill a database with ``rows`` deliveries, measure, and drop it; seconds of each request by its name.

    Raises: NotServing, InvalidMeasurement.
    """
    postgres.drop_database(_DATABASE)
    url, began = postgres.create_database(_DATABASE), time.monotonic()
    upgrade(url)
    try:
        requests = asyncio.run(_fill(url, rows))
        print(f"{rows:,} deliveries filled in {time.monotonic() - began:.0f} s", flush=True)
        cookie = f"{cookie_name(public_url(0))}={_SESSION}"
        return {name: one.wall for name, one in serve_and_measure(url, requests, cookie, ROUNDS, core).items()}
    finally:
        postgres.drop_database(_DATABASE)


async def _fill(url: str, rows: int) -> Mapping[str, str]:
    """The paths to request, by their names."""
    sizes = {"rows": rows, "of": _ORGANIZATIONS, "each": _ENDPOINTS_EACH, "share": _BIG_SHARE}
    numbers = {**sizes, "made": _ROWS.format(**sizes)}
    connection = await asyncpg.connect(url)
    try:
        # The rows are made with valid references; checking each foreign key would take minutes.
        await connection.execute("SET session_replication_role = replica; SET maintenance_work_mem = '256MB'")
        await connection.execute(ID_OF)
        await connection.execute(_PEOPLE.format(**numbers))
        partitions = [row[0] for row in await connection.fetch(_PARTITIONS, list(_FILLED))]
        await connection.execute(_WITHOUT_INDEXES, partitions)
        for step in (_EVENTS, _DELIVERIES):
            await connection.execute(step.format(**numbers))
        for table in partitions:
            await connection.execute(f"REINDEX TABLE {table}")
        await connection.execute("VACUUM ANALYZE")
        await connection.execute(_SIGN_IN, secrets.digest(_SESSION))
        size = await connection.fetchval("SELECT pg_size_pretty(pg_database_size(current_database()))")
        print(f"the database has {size}", flush=True)
        return {**await _requests(connection, "big", 1, rows), **await _requests(connection, "small", 2, rows)}
    finally:
        await connection.close()


async def _requests(connection: asyncpg.Connection, name: str, endpoint: int, rows: int) -> Mapping[str, str]:
    """The first page of the endpoint's log, and one in the middle."""
    count = rows // _BIG_SHARE if endpoint == 1 else rows // (_ORGANIZATIONS * _ENDPOINTS_EACH)
    middle: UUID = await connection.fetchval(_NTH, endpoint, count // 2)
    organization_id, endpoint_id = await connection.fetchrow(
        "SELECT organization_id, id FROM webhook_endpoint WHERE id = id_of('endpoint', $1::bigint)", endpoint
    )
    page = f"/dashboard/customer-1/settings/webhooks/{endpoint_id}"
    api = f"/api/organizations/{organization_id}/webhooks/{endpoint_id}/deliveries"
    return {
        f"page of the {name} endpoint": page,
        f"page of the {name} endpoint, in the middle": f"{page}?deliveries={cursor_after(middle)}",
        f"API of the {name} endpoint": api,
        f"API of the {name} endpoint, in the middle": f"{api}?after={cursor_after(middle)}",
    }
