"""Benchmark of the exchange against its peers: ``run.py [--rounds N] [--seconds N]``.

One server at a time on one core; PostgreSQL, the load generator and this program share another. The variants run in
turn in each round and medians are reported, so that other load on the machine affects all of them alike.
"""

import argparse
import json
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import load
import report
from dataset import Visitor, fill, write_visitors
from epoch.migrations import upgrade
from epoch.server.embedded_postgres import EmbeddedPostgres
from processes import Server, choose_cores, free_port, on_cores, postmaster_of, tree_cpu_seconds
from variants import FLOOR, VARIANTS, Variant

HERE = Path(__file__).resolve().parent
CACHE = HERE.parent / ".cache"
POSTGRES_FOLDER = "bench-postgres"
START_SECONDS = 30.0
WARM_UP_SECONDS = 2
CARRIER = {
    # The Twilio adapter, never called here: with the sandbox carrier, loopback is exempt from the limits by address.
    "EPOCH_CARRIER": "twilio",
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": "0" * 32,
    "TWILIO_API_KEY_SID": "SK" + "0" * 32,
    "TWILIO_API_KEY_SECRET": "0" * 32,
    "TWILIO_TWIML_APP_SID": "AP" + "0" * 32,
    "EPOCH_SECRET_KEY": "benchmark-secret-of-no-value-at-all",
}


class InvalidMeasurement(Exception):
    """The measurement is not valid."""


@dataclass(frozen=True)
class Bench:
    """The parts that all variants share."""

    environ: Mapping[str, str]
    visitors: list[Visitor]
    visitors_file: Path
    server_core: int
    seconds: int
    postmaster: int
    """Process id of the PostgreSQL server."""

    def measure(self, variant: Variant) -> report.Round:
        """Start the variant's server, warm it up, measure it once, stop it.

        Raises:
            InvalidMeasurement: it does not start, answers something else than the others, or refuses a request.
        """
        port = free_port()
        log_path = CACHE / "bench-server.log"
        with log_path.open("wb") as log:
            server = Server(variant.argv(port), environ=self.environ, cores={self.server_core}, log=log)
            try:
                self._await_answer(server, port, variant, log_path)
                _ensure_valid(variant, load.generate(port, self.visitors_file, WARM_UP_SECONDS))
                before, database_before = server.cpu_seconds(), tree_cpu_seconds(self.postmaster)
                loaded = load.generate(port, self.visitors_file, self.seconds)
                cpu = server.cpu_seconds() - before
                database_cpu = tree_cpu_seconds(self.postmaster) - database_before
                resident = server.resident_bytes()
            finally:
                server.stop()
        _ensure_valid(variant, loaded)
        return report.Round(
            rate=loaded.requests / loaded.seconds,
            p50=loaded.p50,
            p99=loaded.p99,
            cpu=cpu / loaded.requests,
            database_cpu=database_cpu / loaded.requests,
            resident=resident,
        )

    def _await_answer(self, server: Server, port: int, variant: Variant, log: Path) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                fields = set(_exchange(port, self.visitors[0]))
            except urllib.error.HTTPError as error:
                raise InvalidMeasurement(f"{variant.name} answers {error.code}: {error.read().decode()}") from error
            except OSError as error:
                if server.has_ended or time.monotonic() > deadline:
                    raise InvalidMeasurement(f"{variant.name} did not start, see {log}") from error
                time.sleep(0.05)
            else:
                break
        if not fields >= FIELDS:
            raise InvalidMeasurement(f"{variant.name} does not answer {sorted(FIELDS - fields)}")


FIELDS = {
    "access_token", "token_type", "expires_in", "expires_at", "identity", "caller_id", "country", "calling_code",
    "trunk_prefix", "international_prefix", "organization", "ticket", "signaling", "settings",
}  # fmt: skip
"""Fields of every answer; the product may answer more, which counts against it."""


def _exchange(port: int, visitor: Visitor) -> dict[str, object]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/widget/exchange",
        data=json.dumps({"token": visitor.token}).encode(),
        headers={"Content-Type": "application/json", "Origin": visitor.origin},
    )
    with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310 - our own server
        answer: dict[str, object] = json.load(response)
    return answer


def _ensure_valid(variant: Variant, loaded: load.Load) -> None:
    if loaded.refused or loaded.broken or not loaded.requests:
        raise InvalidMeasurement(
            f"{variant.name}: {loaded.refused} refused, {loaded.broken} broken of {loaded.requests} requests"
        )


def _measure_all(bench: Bench, rounds: int) -> dict[str, report.Round]:
    measured: dict[str, list[report.Round]] = {variant.name: [] for variant in VARIANTS}
    for number in range(1, rounds + 1):
        for variant in VARIANTS:
            one = bench.measure(variant)
            measured[variant.name].append(one)
            floor = measured[FLOOR][-1]
            print(
                f"round {number}: {variant.name:52} {one.rate:7,.0f}/s  {one.cpu * 1e6:6,.0f} µs CPU  "
                f"{one.cpu / floor.cpu:.2f} of floor",
                flush=True,
            )
    return {name: report.medians(some) for name, some in measured.items()}


def main() -> int:
    """Run the benchmark; exit status 1 when a target is missed or the measurement was not valid."""
    parser = argparse.ArgumentParser(description="Measures the exchange against its peers.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5, help="length of one measurement")
    parser.add_argument("--tokens", type=int, default=10_000, help="embed tokens in the database")
    arguments = parser.parse_args()
    server_core, other_core = choose_cores()
    with on_cores({other_core}), EmbeddedPostgres(CACHE / POSTGRES_FOLDER) as postgres:
        postgres.drop_database("bench")
        url = postgres.create_database("bench")
        upgrade(url)
        visitors = fill(url, arguments.tokens)
        visitors_file = CACHE / "bench-visitors.txt"
        write_visitors(visitors, visitors_file)
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("EPOCH_", "TWILIO_"))}
        # The product's folder first: a file in bench/ must not hide a package of the same name.
        environ = {
            **inherited,
            **CARRIER,
            "EPOCH_DATABASE_URL": url,
            "PYTHONPATH": f"{HERE.parent / 'src'}{os.pathsep}{HERE}",
        }
        bench = Bench(
            environ, visitors, visitors_file, server_core, arguments.seconds, postmaster_of(CACHE / POSTGRES_FOLDER)
        )
        cores = "the same core" if server_core == other_core else f"core {server_core}, the rest on core {other_core}"
        print(f"{load.name_of_generator()}, {load.CONNECTIONS} connections; server on {cores}", flush=True)
        try:
            results = _measure_all(bench, arguments.rounds)
        except InvalidMeasurement as error:
            print(f"bench: {error}", file=sys.stderr)
            return 1
    print(f"\n{report.table(results)}\n")
    verdicts = report.targets(results)
    for text, holds in verdicts:
        print("holds " if holds else "MISSED", text)
    return 0 if all(holds for _, holds in verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
