"""Benchmark of the back office on 100,000 organizations: ``back_office.py [--rounds N] [--size S] [--again]``.

One member of staff requests every list, search and detail page, one at a time, in rounds.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Mapping
from statistics import median

import asyncpg

from admin.mount import STAFF_SESSION_COOKIE
from dashboard_data import fill
from dashboard_pages import CACHE, InvalidMeasurement, RequestTimings, percentile, serve_and_measure
from epoch.migrations import upgrade
from epoch.server.embedded_postgres import EmbeddedPostgres
from kit.secrets import digest
from processes import choose_cores, on_cores
from serving import NotServing

P50_TARGET = 0.1
"""Target response time, in seconds."""
SESSION = "session-of-the-benchmark"
_STAFF = """
INSERT INTO staff (id, email, password_hash, role, joined_at, totp_enabled_at)
VALUES (id_of('staff', 1), 'bench@staff.test', 'none', 'admin', now(), now()) ON CONFLICT DO NOTHING
"""
_SESSION = """
INSERT INTO staff_session (id, staff_id, digest, last_seen_at, expires_at, awaits_second_factor)
VALUES (id_of('staff-session', 1), id_of('staff', 1), $1, now(), now() + interval '8 hours', false)
ON CONFLICT (id) DO UPDATE SET last_seen_at = now(), expires_at = excluded.expires_at
"""
# Rows that the operations page sums: exchanges in each minute of a day.
_MINUTE_COUNTERS = """
INSERT INTO minute_counter (id, minute, name, amount)
SELECT gen_random_uuid(), date_trunc('minute', now()) - n * interval '1 minute', name, 100
FROM generate_series(0, 1439) n, unnest(ARRAY['exchange.ok', 'exchange.domain_not_allowed',
'exchange.revoked_embed_token', 'exchange.too_many_requests', 'carrier.answered', 'carrier.milliseconds']) name
ON CONFLICT DO NOTHING
"""
_REQUESTED_IDS = """
SELECT id_of('organization', 1) AS big, id_of('organization', {some}) AS small, id_of('user', {some}) AS person,
(SELECT id FROM call WHERE organization_id = id_of('organization', 1) ORDER BY id DESC OFFSET 5000 LIMIT 1) AS call,
(SELECT to_number FROM call WHERE organization_id = id_of('organization', 1) ORDER BY id LIMIT 1) AS called,
(SELECT id FROM call ORDER BY id OFFSET {half} LIMIT 1) AS middle_call,
(SELECT id FROM audit_event ORDER BY id OFFSET {some} LIMIT 1) AS line,
(SELECT id FROM phone_number ORDER BY id OFFSET {some} LIMIT 1) AS number,
(SELECT id FROM embed_token WHERE organization_id = id_of('organization', {some}) LIMIT 1) AS token,
(SELECT (now() - interval '180 days')::date::text) AS day
"""


async def prepare(url: str, size: float) -> Mapping[str, str]:
    """Sign a member of staff in; return the paths to request, by name."""
    some = max(2, int(size * 77_777))
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(_STAFF)
        await connection.execute(_SESSION, digest(SESSION))
        await connection.execute(_MINUTE_COUNTERS)
        found = await connection.fetchrow(_REQUESTED_IDS.format(some=some, half=int(size * 500_000)))
    finally:
        await connection.close()
    named = {key: str(value) for key, value in found.items()}
    kinds = (
        "organization", "user", "phone-number", "embed-token", "call", "upgrade-request", "alert", "limit-override",
        "audit-event", "invitation", "membership", "outbox-item", "carrier-day", "carrier-difference", "staff",
    )  # fmt: skip
    small, big = named["small"], named["big"]
    return {
        "overview": "/admin",
        "operations": "/admin/operations",
        "operations, refreshed": "/admin/operations/now",
        **{f"list: {kind}": f"/admin/{kind}/list" for kind in kinds},
        "list: call, in the middle": f"/admin/call/list?after={named['middle_call']}",
        "list: call, up to a day": f"/admin/call/list?until={named['day']}",
        "list: organization by slug": "/admin/organization/list?sortBy=slug",
        "list: organization by slug, in the middle": "/admin/organization/list?sortBy=slug&after=customer-5",
        "list: organization of a plan that nobody has": "/admin/organization/list?plan=enterprise",
        "list: organization, suspended": "/admin/organization/list?status=suspended",
        "list: user by e-mail": "/admin/user/list?sortBy=email",
        "list: call of the big one": f"/admin/call/list?organization_id={big}",
        "list: call of the big one, busy": f"/admin/call/list?organization_id={big}&status=busy",
        "list: call of a small one": f"/admin/call/list?organization_id={small}",
        "list: call of a small one, busy": f"/admin/call/list?organization_id={small}&status=busy",
        "list: call of one token": f"/admin/call/list?token_id={named['token']}",
        "list: embed-token of the big one": f"/admin/embed-token/list?organization_id={big}",
        "list: audit-event of a small one": f"/admin/audit-event/list?organization_id={small}",
        "list: audit-event of one person": f"/admin/audit-event/list?actor_id={named['person']}",
        "list: membership of one person": f"/admin/membership/list?user_id={named['person']}",
        "search: organization by name": f"/admin/organization/list?search=Customer+{some}",
        "search: organization by two letters": "/admin/organization/list?search=Cu",
        "search: organization by number": f"/admin/organization/list?search=%2B1{2010000000 + some}",
        "search: organization by id": f"/admin/organization/list?search={small}",
        "search: organization, nothing": "/admin/organization/list?search=nobody",
        "search: user": f"/admin/user/list?search=owner-{some}",
        "search: user, nothing": "/admin/user/list?search=zzz",
        "search: phone-number": f"/admin/phone-number/list?search={2010000000 + some}",
        "search: embed-token that all are": "/admin/embed-token/list?search=ept_abcd",
        "search: embed-token, nothing": "/admin/embed-token/list?search=ept_zzzz",
        "search: call by the oldest number": f"/admin/call/list?search=%2B{named['called'].removeprefix('+')}",
        "search: call by an area": "/admin/call/list?search=2120",
        "search: call, nothing": "/admin/call/list?search=9999999",
        "details: organization, the big one": f"/admin/organization/details/{big}",
        "details: organization": f"/admin/organization/details/{small}",
        "details: user": f"/admin/user/details/{named['person']}",
        "details: phone-number": f"/admin/phone-number/details/{named['number']}",
        "details: embed-token": f"/admin/embed-token/details/{named['token']}",
        "details: call": f"/admin/call/details/{named['call']}",
        "details: audit-event": f"/admin/audit-event/details/{named['line']}",
        "asks first: suspend": f"/admin/organization/{small}/do/suspend",
    }


def report(taken: Mapping[str, RequestTimings]) -> bool:
    """Print the table and the missed targets; True when no target is missed."""
    print("\n| request | p50 ms | p99 ms | CPU ms |\n|---|---:|---:|---:|")
    for name, some in taken.items():
        milliseconds = (median(some.wall), percentile(some.wall, 0.99), median(some.cpu))
        print(f"| {name} | {' | '.join(f'{1000 * value:.1f}' for value in milliseconds)} |")
    missed = [name for name, some in taken.items() if median(some.wall) > P50_TARGET]
    print("\nMISSED " + ", ".join(missed) if missed else "\nholds: all within 100 ms p50")
    return not missed


def main() -> int:
    """Run the benchmark; exit status 1 when a target is missed or the measurement was not valid."""
    parser = argparse.ArgumentParser(description="Measures the back office at the dashboard's full size.")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--size", type=float, default=1.0, help="1 means 100,000 organizations")
    parser.add_argument("--again", action="store_true", help="measure what the last run, or the dashboard's, filled")
    arguments = parser.parse_args()
    server_core, other_core = choose_cores()
    with on_cores({other_core}), EmbeddedPostgres(CACHE / "bench-dashboard", durable=False) as postgres:
        url = postgres.url_of("full")
        if arguments.again:
            upgrade(url)
        else:
            began = time.monotonic()
            postgres.drop_database("full")
            upgrade(postgres.create_database("full"))
            fill(url, arguments.size)
            print(f"filled in {time.monotonic() - began:.0f} s", flush=True)
        paths = asyncio.run(prepare(url, arguments.size))
        try:
            taken = serve_and_measure(url, paths, f"{STAFF_SESSION_COOKIE}={SESSION}", arguments.rounds, server_core)
        except (NotServing, InvalidMeasurement) as error:
            print(f"bench: {error}", file=sys.stderr)
            return 1
    return 0 if report(taken) else 1


if __name__ == "__main__":
    sys.exit(main())
