"""Drill: restore a backup into an empty cluster to the moment before an accident, and serve from it."""

import asyncio
import re
import time
from collections.abc import Mapping
from pathlib import Path

from drills.documented import Block, run_documented
from drills.evidence import check_acknowledged
from drills.installation import NODES, Installation
from drills.load import Load, failures, load_of, summary
from drills.report import Report
from support.ports import unused_port

LOAD_SECONDS = 6.0
ACCIDENT = """
WITH lost AS (UPDATE embed_token SET revoked_at = now(), label = 'lost' WHERE revoked_at IS NULL RETURNING id)
SELECT count(*) FROM lost
"""


async def restore(site: Installation, report: Report) -> None:
    """A base backup under load, an accident, and a restore to the moment before it."""
    port, new = unused_port(), site.database.own_folder("restored")
    url = f"postgresql://epoch:{site.database.password}@127.0.0.1:{port}/epoch"
    environ = await _environ(site, new, port)
    async with load_of(site.url, site.settings) as load:
        await _back_up(site, report, load, environ)
        moment = str(await site.database.fetch_value("SELECT clock_timestamp()"))
        await asyncio.sleep(1)
        late = await _token_after(load)
        wrong = await _have_accident(site)
        report.note(f"accident: a wrong statement revokes all {wrong} tokens")
        began = time.monotonic()
        for name in (*NODES, "jobs1"):
            await asyncio.to_thread(site.running[name].stop)
        site.database.also_ends(new / "data")
        await run_documented(Block.RESTORE, {**environ, "MOMENT": moment}, site.account)
        report.note(f"product stopped and cluster restored to the moment before: {time.monotonic() - began:.1f} s")
        await _serve_from(site, report, url)
        report.note(f"both nodes served from it {time.monotonic() - began:.1f} s after the decision")
        load.forget(late)
        site.database.serve_from(port)
        await check_acknowledged(report, site.database, load)
        query = "SELECT count(*) FROM embed_token WHERE id::text = $1 OR label = 'lost'"
        after = await site.database.fetch_value(query, late)
        report.check("nothing from after the moment is there", after == 0, after)
        load.answers.clear()
        async with load.running():
            await asyncio.sleep(LOAD_SECONDS)
        report.check("exchanges, calls and changes work", not failures(load.answers), summary(failures(load.answers)))
        report.note(f"from the restored cluster: {summary(load.answers)}")


async def _environ(site: Installation, new: Path, port: int) -> Mapping[str, str]:
    """The variables of the handbook's commands."""
    primary = await site.database.primary()
    assert primary is not None
    return {
        **site.programs.environ,
        "PRIMARY": f"postgresql://replicator:{site.database.password}@127.0.0.1:{primary.postgres_port}/",
        "BACKUP": str(site.database.own_folder("backup") / "base"),
        "ARCHIVE": str(site.database.archive),
        "PGDATA": str(new / "data"),
        "PGPORT": str(port),
        "SOCKETS": str(new),
    }


async def _back_up(site: Installation, report: Report, load: Load, environ: Mapping[str, str]) -> None:
    async with load.running():
        await asyncio.sleep(LOAD_SECONDS)
        began = time.monotonic()
        await run_documented(Block.BACKUP, environ, site.account)
        report.note(f"base backup under load, and its check: {time.monotonic() - began:.1f} s")
        await asyncio.sleep(LOAD_SECONDS)
    report.note(summary(load.answers))
    report.check("no request failed during the backup", not failures(load.answers), summary(failures(load.answers)))


async def _have_accident(site: Installation) -> int:
    wrong: int = await site.database.fetch_value(ACCIDENT)
    # The rest of the segment would be archived when it is full.
    await site.database.fetch_value("SELECT pg_switch_wal()")
    return wrong


async def _serve_from(site: Installation, report: Report, url: str) -> None:
    """Say that the database has moved, start the product on it, and ask ``epoch doctor``."""
    own = {"EPOCH_DATABASE_URL": url, "EPOCH_DATABASE_POOLER": "none", "EPOCH_DATABASE_DIRECT_URL": ""}
    await run_documented(Block.AFTER_RESTORE, site.manager.environ(site.environ("command", **own), "node1"))
    await asyncio.gather(*(site.start_node(name, **own) for name in NODES), site.start_jobs("jobs1", **own))
    doctor = await site.command("doctor", check=False, **own)
    isolation = re.search(r"(?m)^ok +tenant isolation +(.*)$", doctor)
    report.check("`epoch doctor`: roles and row-level security are complete", isolation is not None)
    report.note(f"tenant isolation: {isolation[1] if isolation else doctor}")
    failed = re.findall(r"(?m)^FAIL.*$", doctor)
    report.check("`epoch doctor` finds nothing else", not failed, failed)


async def _token_after(load: Load) -> str:
    """A token that is made after the moment to restore."""
    before = set(load.done.tokens)
    await load.make_token()
    (made,) = load.done.tokens - before
    return made
