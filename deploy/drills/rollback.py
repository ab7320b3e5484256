"""Drill: upgrade from a former release to this one under load, then roll back to the former one."""

import asyncio
import time

from drills.documented import Block, run_documented
from drills.evidence import check_acknowledged
from drills.failures import UPGRADE
from drills.former_release import make_former_release
from drills.installation import NODES, Installation
from drills.load import EXCHANGE, FILE, WEBHOOK, failures, load_of, slowest, summary
from drills.processes import ROOT
from drills.report import Report

LOAD_SECONDS = 4.0
ROLLBACK = ((Block.ROLL_BACK_JOBS, NODES[0]), *((Block.RESTART_MACHINE, name) for name in NODES))
"""Commands of the handbook and the machines on which they are run."""


async def rollback(site: Installation, report: Report) -> None:
    """A former release is upgraded under load, and the machines go back to it: no schema changed."""
    former = await asyncio.to_thread(make_former_release, site.folder / "before-rollback")
    site.release = former
    await site.command("migrate")
    await _restart_all(site)
    async with load_of(site.url, site.settings) as load:
        former_part = await load.find_part()
        load.part = None
        async with load.running():
            await asyncio.sleep(LOAD_SECONDS)
            site.release = ROOT
            for block, machine in UPGRADE:
                await _run(site, report, "upgrade", block, machine)
            # A page that loads the phone now keeps asking for the new release's parts.
            new_part = await load.find_part()
            await asyncio.sleep(LOAD_SECONDS)
            site.release = former
            for block, machine in ROLLBACK:
                await _run(site, report, "rollback", block, machine)
            await asyncio.sleep(LOAD_SECONDS)
        report.note(summary(load.answers))
        report.note(f"slowest request {slowest(load.answers):.2f} s")
        for kind in (EXCHANGE, WEBHOOK):
            lost = failures(load.answers, kind)
            report.check(f"no {kind} failed", not lost, summary(lost))
        lost = failures(load.answers, FILE)
        report.check(f"a page of the new release always got its {new_part}", not lost, summary(lost))
        report.check("phone.js names the former release's part again", await load.find_part() == former_part)
        report.check("the two parts differ", new_part != former_part)
        await check_acknowledged(report, site.database, load)
    site.release = ROOT
    await _restart_all(site)


async def _run(site: Installation, report: Report, what: str, block: Block, machine: str) -> None:
    began = time.monotonic()
    await run_documented(block, site.manager.environ(site.environ("command"), machine))
    report.note(f"{what}: {block.value} ({machine}): {time.monotonic() - began:.1f} s")


async def _restart_all(site: Installation) -> None:
    """Restart both nodes and the jobs at once, while nobody asks them anything."""
    await asyncio.gather(*(asyncio.to_thread(site.running[name].stop) for name in (*NODES, "jobs1")))
    await asyncio.gather(*(site.start_node(name) for name in NODES), site.start_jobs("jobs1"))
