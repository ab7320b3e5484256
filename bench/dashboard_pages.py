"""Benchmark of the dashboard and the API lists at full size: ``dashboard_pages.py [--rounds N] [--size S] [--again]``.

Requests run one at a time, in rounds: the figures are response times, not throughput. The PostgreSQL buffers that the
statements read are also counted on a second database with a tenth of the organizations; the measured organization is
the same in both. ``--again`` measures the databases that the last run filled.
"""

import argparse
import contextlib
import http.client
import math
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import dashboard_buffers
from accounts.auth import cookie_name
from dashboard_data import PAGE, BigOrganization, fill, sign_in
from epoch.migrations import upgrade
from epoch.server.embedded_postgres import EmbeddedPostgres
from processes import choose_cores, on_cores, tree_of
from serving import NotServing, public_url, serving

CACHE = Path(__file__).resolve().parent.parent / ".cache"
WARM_UP_ROUNDS = 5
P50_TARGET = 0.025
"""Target response time, in seconds."""
DEPTH_TARGET = 1.2
BUFFERS_TARGET = 1.5
BUFFERS_SHOWN = PAGE + 10
"""Buffers that a page of rows may read at any database size: one for each row, plus the index pages."""
PAGE_ONE, PAGE_DEEP = "page: calls", "page: calls, page 1,000"
LIST_ONE, LIST_DEEP = "API: calls", "API: calls, page 1,000"


class InvalidMeasurement(Exception):
    """The measurement is not valid."""


@dataclass(frozen=True)
class RequestTimings:
    """Response times of one request, in seconds."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    """CPU seconds of the server and its database; hardly changed by other load on the machine."""


def requests(big: BigOrganization) -> dict[str, str]:
    """Return the paths of every dashboard page that needs no carrier, and of every API list, by name."""
    page, api = f"/dashboard/{big.slug}", f"/api/organizations/{big.organization_id}"
    return {
        "page: overview": page,
        PAGE_ONE: f"{page}/calls",
        PAGE_DEEP: f"{page}/calls?after={big.deep_cursor}",
        "page: search by number": f"{page}/calls?number=%2B{big.oldest_number}",
        "page: search by digits": f"{page}/calls?number={big.oldest_number}",
        "page: one call": f"{page}/calls/{big.latest_call}",
        "page: settings, team": f"{page}/settings/team",
        "page: one token": f"{page}/settings/embed-tokens/{big.token_id}",
        "page: usage": f"{page}/usage",
        "page: voicemail": f"{page}/voicemails",
        "page: voicemail, message 50,000": f"{page}/voicemails?after={big.deep_message}",
        "page: audit": f"{page}/audit",
        "page: account": "/account",
        "API: organizations": "/api/organizations",
        "API: embed tokens": f"{api}/embed-tokens",
        "API: phone numbers": f"{api}/phone-numbers",
        "API: members": f"{api}/members",
        "API: invitations": f"{api}/invitations",
        "API: keys": f"{api}/api-keys",
        LIST_ONE: f"{api}/calls",
        LIST_DEEP: f"{api}/calls?cursor={big.deep_cursor}",
        "API: search by number": f"{api}/calls?number=%2B{big.oldest_number}",
        "API: search by digits": f"{api}/calls?number={big.oldest_number}",
        "API: voicemails": f"{api}/voicemails",
        "API: voicemails, message 50,000": f"{api}/voicemails?cursor={big.deep_message}",
        "API: usage": f"{api}/usage",
        "API: audit": f"{api}/audit",
    }


def measure(port: int, paths: Mapping[str, str], cookie: str, rounds: int) -> dict[str, RequestTimings]:
    """Return the response times of each request. Raises: InvalidMeasurement, when one is refused."""
    taken: dict[str, RequestTimings] = {name: RequestTimings() for name in paths}
    headers = {"Cookie": cookie, "Host": f"localhost:{port}"}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        for number in range(WARM_UP_ROUNDS + rounds):
            for name, path in paths.items():
                cpu, began = _cpu_of_children(), time.perf_counter()
                connection.request("GET", path, headers=headers)
                answer = connection.getresponse()
                body = answer.read()
                wall, cpu = time.perf_counter() - began, _cpu_of_children() - cpu
                if answer.status != http.HTTPStatus.OK:
                    raise InvalidMeasurement(f"{name} ({path}) answers {answer.status}: {body[:300]!r}")
                if number >= WARM_UP_ROUNDS:
                    taken[name].wall.append(wall)
                    taken[name].cpu.append(cpu)
    finally:
        connection.close()
    return taken


def _cpu_of_children() -> float:
    """CPU seconds of the main threads of all programs started here."""
    _, *children = tree_of(os.getpid())
    nanoseconds = 0
    for pid in children:
        with contextlib.suppress(OSError):  # the database starts and ends processes
            nanoseconds += int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])
    return nanoseconds / 1e9


def serve_and_measure(
    url: str, paths: Mapping[str, str], cookie: str, rounds: int, core: int
) -> dict[str, RequestTimings]:
    """Measure one worker on ``core`` for the named ``paths``. Raises: NotServing, InvalidMeasurement."""
    with serving(url, core, CACHE / "bench-dashboard.log") as worker:
        return measure(worker.port, paths, cookie, rounds)


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[math.ceil(share * len(values)) - 1]


def report(taken: Mapping[str, RequestTimings], tenth: Mapping[str, int], full: Mapping[str, int]) -> bool:
    """Print both tables and the missed targets; True when no target is missed."""
    print("\n| request | p50 ms | p99 ms | CPU ms |\n|---|---:|---:|---:|")
    for name, some in taken.items():
        milliseconds = (median(some.wall), percentile(some.wall, 0.99), median(some.cpu))
        print(f"| {name} | {' | '.join(f'{1000 * value:.1f}' for value in milliseconds)} |")
    print("\n| statements | buffers at a tenth | buffers at full size | ratio |\n|---|---:|---:|---:|")
    for name, buffers in full.items():
        print(f"| {name} | {tenth[name]:,} | {buffers:,} | {buffers / tenth[name]:.2f} |")
    verdicts = [
        (f"{name} within {P50_TARGET * 1000:.0f} ms", median(some.wall) <= P50_TARGET) for name, some in taken.items()
    ]
    for one, deep in ((PAGE_ONE, PAGE_DEEP), (LIST_ONE, LIST_DEEP)):
        ratio = median(taken[deep].wall) / median(taken[one].wall)
        verdicts.append((f"{deep} at {ratio:.2f} of {one}", ratio <= DEPTH_TARGET))
    verdicts += [
        (f"{name}: buffers do not grow with the tables", buffers <= max(BUFFERS_SHOWN, tenth[name] * BUFFERS_TARGET))
        for name, buffers in full.items()
    ]
    print()
    for text, holds in verdicts:
        print("holds " if holds else "MISSED", text)
    return all(holds for _, holds in verdicts)


def main() -> int:
    """Run the benchmark; exit status 1 when a target is missed or the measurement was not valid."""
    parser = argparse.ArgumentParser(description="Measures the dashboard and the API's lists at their full size.")
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--size", type=float, default=1.0, help="1 means 100,000 organizations")
    parser.add_argument("--again", action="store_true", help="measure what the last run filled")
    arguments = parser.parse_args()
    server_core, other_core = choose_cores()
    with on_cores({other_core}), EmbeddedPostgres(CACHE / "bench-dashboard", durable=False) as postgres:
        filled: dict[str, tuple[str, BigOrganization]] = {}
        for name, size in (("tenth", arguments.size / 10), ("full", arguments.size)):
            if arguments.again:
                upgrade(postgres.url_of(name))
            else:
                began = time.monotonic()
                postgres.drop_database(name)
                upgrade(postgres.create_database(name))
                fill(postgres.url_of(name), size)
                print(f"{name} size filled in {time.monotonic() - began:.0f} s", flush=True)
            filled[name] = postgres.url_of(name), sign_in(postgres.url_of(name))
        tenth, full = (dashboard_buffers.count(*filled[name]) for name in ("tenth", "full"))
        try:
            url, big = filled["full"]
            cookie = f"{cookie_name(public_url(0))}={big.session}"
            taken = serve_and_measure(url, requests(big), cookie, arguments.rounds, server_core)
        except (NotServing, InvalidMeasurement) as error:
            print(f"bench: {error}", file=sys.stderr)
            return 1
    return 0 if report(taken, tenth, full) else 1


if __name__ == "__main__":
    sys.exit(main())
