"""Checks after a drill that the database has every acknowledged write, and that revoked tokens are still refused."""

from collections.abc import Sequence

from drills.database import DatabaseCluster
from drills.load import Load
from drills.report import Report

SAMPLE = 10
"""The number of revoked tokens that each drill exchanges again."""


async def missing_writes(database: DatabaseCluster, load: Load) -> Sequence[str]:
    """Each kind of acknowledged write of which some are not in the primary, with their number."""
    done = load.done
    kinds = (
        ("admitted calls", "SELECT carrier_sid FROM call", done.calls),
        ("ended calls", "SELECT carrier_sid FROM call WHERE status = 'completed'", done.ends),
        ("tokens", "SELECT id::text FROM embed_token", done.tokens),
        ("revocations", "SELECT id::text FROM embed_token WHERE revoked_at IS NOT NULL", set(done.revoked)),
    )
    missing = []
    async with database.superuser() as connection:
        for name, query, acknowledged in kinds:
            stored = {row[0] for row in await connection.fetch(query)}
            if lost := acknowledged - stored:
                missing.append(f"{len(lost)} of {len(acknowledged)} {name}")
    return missing


async def check_acknowledged(report: Report, database: DatabaseCluster, load: Load) -> None:
    """Assert that no acknowledged write is lost, and that revoked tokens are refused."""
    done = load.done
    report.note(
        f"acknowledged: {len(done.calls)} calls, {len(done.ends)} ends of calls, {len(done.tokens)} tokens,"
        f" {len(done.revoked)} revocations"
    )
    lost = await missing_writes(database, load)
    report.check("no acknowledged write is lost", bool(done.calls and done.revoked) and not lost, ", ".join(lost))
    accepted = [
        token
        for number, token in enumerate(list(done.revoked.values())[-SAMPLE:])
        if (await load.exchange(token, f"10.3.0.{number}")).is_success
    ]
    report.check("every revoked token is refused", not accepted, f"{len(accepted)} were accepted")
