"""``python -m drills [NAME ...]``: runs drills, prints their reports, ends with 1 when an assertion does not hold."""

import argparse
import asyncio
import contextlib
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial

from drills.event_delivery import CALLS, workers_killed
from drills.failures import (
    clocks_apart,
    jobs_once,
    node_killed,
    primary_killed,
    rolling_restart,
    valkey_killed,
)
from drills.installation import Installation, installation
from drills.packages import prepare
from drills.report import Report, write_report
from drills.restore import restore
from drills.rollback import rollback

START_SECONDS = 600.0
DRILL_SECONDS = 600.0
"""One drill; then it has failed, and the next one begins."""
SECONDS_OF_A_CALL = 0.3
"""More of ``DRILL_SECONDS`` for each call of ``workers-killed``: three calls a second are slow."""
Drill = Callable[[Installation, Report], Awaitable[None]]
DRILLS: Mapping[str, Drill] = {
    "node-killed": node_killed,
    "primary-killed": primary_killed,
    "jobs-once": jobs_once,
    "workers-killed": workers_killed,
    "valkey-killed": valkey_killed,
    "rolling-restart": rolling_restart,
    "rollback": rollback,
    "clocks-apart": clocks_apart,
    "restore": restore,
}


async def run(names: Sequence[str], *, calls: int, keeps_logs: bool, writes: bool) -> int:
    """Run drills one after the other in one installation, and return the number of assertions that do not hold.

    ``calls`` is the number of calls of ``workers-killed``.

    Each drill leaves it whole but ``restore``, which is the last. Raises: TimeoutError, when it does not start in time.
    """
    failures = 0
    programs = await asyncio.to_thread(prepare)
    started = installation(programs, keeps_logs=keeps_logs)
    async with contextlib.AsyncExitStack() as stack:
        async with asyncio.timeout(START_SECONDS):
            site = await stack.enter_async_context(started)
        for name in (name for name in DRILLS if name in names):
            _say(f"\n{name}: {DRILLS[name].__doc__}")
            report = Report(_say)
            has_calls = DRILLS[name] is workers_killed
            drill = partial(workers_killed, calls=calls) if has_calls else DRILLS[name]
            try:
                async with asyncio.timeout(DRILL_SECONDS + (calls * SECONDS_OF_A_CALL if has_calls else 0.0)):
                    await drill(site, report)
            except Exception as error:
                # The others may still tell something.
                report.check("the drill comes to its end", holds=False, seen=f"{type(error).__name__}: {error}")
            failures += report.failures
            if writes and not report.failures:
                write_report(name, report)
    return failures


def _say(line: str) -> None:
    print(line, flush=True)


def main() -> int:
    """Return 0 when every assertion holds."""
    parser = argparse.ArgumentParser(prog="python -m drills", description="Run drills on loopback; without NAME all.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(DRILLS))
    parser.add_argument("--calls", type=int, default=CALLS, help=f"calls of workers-killed ({CALLS:,})")
    parser.add_argument("--keep-logs", action="store_true", help="leave the temporary folder with all logs")
    parser.add_argument("--write", action="store_true", help="write each report without a failure into docs/drills.md")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(DRILLS):
        parser.error(f"no such drill: {', '.join(sorted(unknown))}; there are {', '.join(DRILLS)}")
    # As Ctrl-C: what was started is ended in order.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        failures = asyncio.run(
            run(
                arguments.names or list(DRILLS),
                calls=arguments.calls,
                keeps_logs=arguments.keep_logs,
                writes=arguments.write,
            )
        )
    except KeyboardInterrupt:
        _say("stopped")
        return 130
    except TimeoutError:
        _say(f"FAILED: the installation did not start within {START_SECONDS:.0f} s")
        return 1
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
