"""Measures how much faults and overload caused by one tenant, or by strangers, slow down the other tenants.

``bad_day.py [--seconds N] [--rounds N] [--only TEXT]`` prints a table for docs/performance.md.

Two workers of ``epoch run`` and PostgreSQL on this machine's processors, loopback only. Exchanges, calls and pages of
39 organizations arrive at a steady rate, whether earlier ones are answered or not; latency counts from when a request
should have been sent. A second process makes the trouble. Before each trouble the same requests are measured without
it; the times of several rounds are combined.
"""

import argparse
import asyncio
import math
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from bad_day_probe import Timings, fill, probe
from bad_day_troubles import SETTLE_SECONDS, TROUBLES, Trouble, in_trouble, sign_ins
from dashboard_pages import percentile
from epoch.migrations import upgrade
from epoch.server.embedded_postgres import EmbeddedPostgres
from processes import Server, free_port
from run import CARRIER
from serving import await_ready

CACHE = Path(__file__).resolve().parent.parent / ".cache"
TARGETS = {"exchange": 2.0, "webhook": 2.0, "page": 3.0}
"""The highest p50 during a trouble, divided by the p50 without it, by kind of request."""
P99_TARGETS = {(sign_ins, "exchange"): 2.0}
"""The same for the p99, of the troubles for which a target is set."""


async def measure(trouble: Trouble, names: Sequence[str], *, seconds: float, rounds: int) -> bool:
    """Print one line for each trouble and kind of request; True when every target holds."""
    print("| trouble | requests of others | p50 quiet, ms | p50 | ratio | p99 quiet | p99 | ratio | refused |")
    print("|---|---|---:|---:|---:|---:|---:|---:|---:|")
    holds = True
    await probe(trouble.port, trouble.tenants, seconds / 2)  # connects and prepares
    for name in names:
        calm, bad = Timings(), Timings()
        for _ in range(rounds):
            calm.add(await probe(trouble.port, trouble.tenants, seconds))
            async with in_trouble(name, trouble, seconds):
                bad.add(await probe(trouble.port, trouble.tenants, seconds))
            await asyncio.sleep(SETTLE_SECONDS)
        for kind in TARGETS:
            holds = report(name, kind, calm, bad) and holds
    return holds


def report(name: str, kind: str, calm: Timings, bad: Timings) -> bool:
    """Print the line of one trouble and kind of request; True when its targets hold."""
    before, after = calm.seconds[kind], bad.seconds[kind]
    middle, last = median(after) / median(before), percentile(after, 0.99) / percentile(before, 0.99)
    middle_holds, last_holds = middle <= TARGETS[kind], last < P99_TARGETS.get((TROUBLES[name], kind), math.inf)
    refused = sum(count for what, count in bad.refused.items() if what.startswith(kind))
    figures = [
        f"{1000 * median(before):.1f}",
        f"{1000 * median(after):.1f}",
        _ratio(middle, holds=middle_holds),
        f"{1000 * percentile(before, 0.99):.0f}",
        f"{1000 * percentile(after, 0.99):.0f}",
        _ratio(last, holds=last_holds),
    ]
    print(f"| {name} | {kind} | {' | '.join(figures)} | {refused} |", flush=True)
    return middle_holds and last_holds


def _ratio(value: float, *, holds: bool) -> str:
    return f"{value:.1f}" if holds else f"**{value:.1f}**"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=10, choices=range(2, 61), metavar="2..60")
    parser.add_argument("--rounds", type=int, default=3, choices=range(1, 21), metavar="1..20")
    parser.add_argument("--only", default="", metavar="TEXT", help="the troubles whose name contains this text")
    given = parser.parse_args()
    seconds, rounds = given.seconds, given.rounds
    names = [name for name in TROUBLES if given.only in name]
    if not names:
        parser.error(f"no name contains this text; the troubles are: {', '.join(TROUBLES)}")
    CACHE.mkdir(exist_ok=True)
    port, log_path = free_port(), CACHE / "bench-server.log"
    with EmbeddedPostgres(CACHE / "bench-postgres", durable=False) as postgres, log_path.open("wb") as log:
        postgres.drop_database("bad_day")
        url = postgres.create_database("bad_day")
        upgrade(url)
        tenants = asyncio.run(fill(url))
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("EPOCH_", "TWILIO_"))}
        environ = {
            **inherited,
            **CARRIER,
            "EPOCH_DATABASE_URL": url,
            "EPOCH_PORT": str(port),
            "EPOCH_WORKERS": "2",
            "EPOCH_DATA_DIR": str(CACHE / "bench-data"),
            "EPOCH_DRAIN_SECONDS": "0",
            "EPOCH_TRUSTED_PROXIES": "127.0.0.1",
            # Background work must not reach the carrier.
            "HTTPS_PROXY": "http://127.0.0.1:1",
        }
        argv = [sys.executable, "-P", "-m", "epoch", "run"]
        server = Server(argv, environ=environ, cores=os.sched_getaffinity(0), log=log)
        try:
            await_ready(server, port, log_path)
            load = os.getloadavg()[0]
            print(f"load before: {load:.1f}; {rounds} rounds of {seconds} s each; two workers\n", flush=True)
            holds = asyncio.run(measure(Trouble(port, url, tenants), names, seconds=seconds, rounds=rounds))
        finally:
            server.stop()
    targets = ", ".join(f"{kind} <= {ratio:g}" for kind, ratio in TARGETS.items())
    print(f"\ntargets (p50): {targets}; p99 of the exchange during sign-ins < 2")
    print("all hold" if holds else "MISSED where bold")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
