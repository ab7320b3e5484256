"""Drills of a rolling upgrade and of failures, most of them under load.

The failures are the loss of the primary database, of a node, of Valkey or of a process that runs jobs, and clocks that
differ.
"""

import asyncio
import time
from collections.abc import Mapping

from drills.documented import Block, run_documented
from drills.evidence import check_acknowledged
from drills.former_release import make_former_release
from drills.installation import NODES, Installation
from drills.load import CHANGE, EXCHANGE, FILE, WEBHOOK, Load, failures, load_of, recovery, refusals, slowest, summary
from drills.processes import ROOT
from drills.report import Report
from support.waiting import wait_until

BEFORE_SECONDS, AFTER_SECONDS = 6.0, 8.0
FAILOVER_SECONDS = 90.0
SKEW_SECONDS = 120
INVITATIONS = 20
UPGRADE = ((Block.UPGRADE_SCHEMA, NODES[0]), *((Block.RESTART_MACHINE, name) for name in NODES))
"""Commands of the handbook and the machines on which they are run."""


async def rolling_restart(site: Installation, report: Report) -> None:
    """A former release is upgraded under load: schema, jobs, then one node after the other."""
    site.release = await asyncio.to_thread(make_former_release, site.folder / "former")
    await site.command("migrate")
    for name in NODES:
        await run_documented(Block.RESTART_MACHINE, site.manager.environ(site.environ("command"), name))
    async with load_of(site.url, site.settings) as load:
        part, site.release = await load.find_part(), ROOT
        async with load.running():
            await asyncio.sleep(BEFORE_SECONDS)
            for block, machine in UPGRADE:
                began = time.monotonic()
                await run_documented(block, site.manager.environ(site.environ("command"), machine))
                report.note(f"{block.value} ({machine}): {time.monotonic() - began:.1f} s")
            await asyncio.sleep(AFTER_SECONDS)
        report.note(summary(load.answers))
        report.note(f"slowest request {slowest(load.answers):.2f} s")
        _check_none_failed(report, load)
        lost = failures(load.answers, FILE)
        report.check(f"a page of the former release always got its {part}", not lost, summary(lost))
        former, load.part = part, None
        report.check("phone.js names another part now", await load.find_part() != former)
        await check_acknowledged(report, site.database, load)


async def primary_killed(site: Installation, report: Report) -> None:
    """The machine of the primary database is lost under load; the standby takes over."""
    async with load_of(site.url, site.settings) as load:
        async with load.running():
            await asyncio.sleep(BEFORE_SECONDS)
            lost = await site.database.primary()
            assert lost is not None
            other = next(member for member in site.database.members if member != lost)
            killed_at = time.monotonic()
            await asyncio.to_thread(site.database.kill_member, lost)
            async with asyncio.timeout(FAILOVER_SECONDS):
                await site.database.await_primary(other)
            report.note(f"the standby was the primary {time.monotonic() - killed_at:.1f} s after the kill")
            await asyncio.sleep(AFTER_SECONDS)
        report.note(summary(load.answers))
        for kind in (EXCHANGE, WEBHOOK, CHANGE):
            seconds = recovery(load.answers, kind, killed_at)
            report.note(f"{kind}s failed until {seconds:.1f} s after the kill" if seconds else f"no {kind} failed")
        late = [answer for answer in failures(load.answers) if answer.began_at > killed_at + FAILOVER_SECONDS]
        last = max((answer.ended_at for answer in failures(load.answers)), default=killed_at)
        good = [answer for answer in load.answers if answer.ok and answer.began_at > last]
        report.check("writes resumed by themselves", not late and {answer.kind for answer in good} >= {WEBHOOK, CHANGE})
        report.check(
            "each failed answer said so: 503, 429, or a refused call",
            all(answer.status in {"503", "429", "200 refused"} for answer in failures(load.answers)),
            summary(failures(load.answers)),
        )
        await check_acknowledged(report, site.database, load)
        site.database.start_member(lost)
        began = time.monotonic()
        await site.database.await_synchronous_standby()
        report.note(f"the lost server was a synchronous standby {time.monotonic() - began:.1f} s after its start")


async def node_killed(site: Installation, report: Report) -> None:
    """One node of the product is lost under load."""
    async with load_of(site.url, site.settings) as load:
        async with load.running():
            await asyncio.sleep(BEFORE_SECONDS)
            site.running["node1"].kill()
            await asyncio.sleep(AFTER_SECONDS)
            await site.start_node("node1")
            await asyncio.sleep(AFTER_SECONDS)
        report.note(summary(load.answers))
        report.note(f"slowest request {slowest(load.answers):.2f} s")
        _check_none_failed(report, load)
        broken = failures(load.answers, CHANGE)
        report.check("at most the API requests under way in the lost node failed", len(broken) <= 3, summary(broken))
        await check_acknowledged(report, site.database, load)


async def valkey_killed(site: Installation, report: Report) -> None:
    """The store of shared rate limits is lost under load, and comes back."""
    async with load_of(site.url, site.settings) as load:
        async with load.running():
            await asyncio.sleep(BEFORE_SECONDS)
            site.running["valkey"].kill()
            await asyncio.sleep(3)
            warnings = (await site.dependencies("node1"))["warnings"]
            await asyncio.sleep(AFTER_SECONDS)
            site.start_valkey()
            await asyncio.sleep(AFTER_SECONDS)
        report.note(summary(load.answers))
        report.note(f"slowest request {slowest(load.answers):.2f} s")
        _check_none_failed(report, load)
        report.check("a node says that the store does not answer", any("shared store" in one for one in warnings))
        after = (await site.dependencies("node1"))["warnings"]
        report.check("the warning ends when the store is back", not any("shared store" in one for one in after), after)


async def jobs_once(site: Installation, report: Report) -> None:
    """Two processes run jobs; then one of them is killed while mails wait."""
    await site.start_jobs("jobs2")
    async with load_of(site.url, site.settings) as load:
        sent = await load.invite("both", INVITATIONS)
        await _await_no_mail_waits(site)
        mails = _mails_to(site, "both")
        report.check(
            f"two processes: each of {INVITATIONS} mails is sent once",
            (sent, len(mails), len(set(mails))) == (INVITATIONS,) * 3,
            f"{sent} invitations, {len(mails)} mails to {len(set(mails))} people",
        )
        inviting = asyncio.create_task(load.invite("killed", INVITATIONS))
        await asyncio.sleep(1)
        site.running["jobs1"].kill()
        sent, killed_at = await inviting, time.monotonic()
        await _await_no_mail_waits(site)
        mails = _mails_to(site, "killed")
    report.note(f"no mail waited {time.monotonic() - killed_at:.1f} s after the last invitation")
    report.check("one process killed: each mail is sent", len(set(mails)) == sent == INVITATIONS, f"{len(set(mails))}")
    report.note(f"mails sent again, because the process died while it sent them: {len(mails) - len(set(mails))}")
    duplicates = await site.database.fetch_value("SELECT count(*) - count(DISTINCT entrypoint) FROM pgqueuer_schedules")
    report.check("each periodic task is stored once", duplicates == 0, duplicates)
    await site.start_jobs("jobs1")
    await asyncio.to_thread(site.running["jobs2"].stop)


def _mails_to(site: Installation, name: str) -> list[str]:
    """The recipients of all mails to addresses that begin with ``name``."""
    texts = [mail.read_text() for mail in (site.folder / "product" / "mail").glob("*.eml")]
    return [line for text in texts for line in text.splitlines() if line.startswith(f"To: {name}-")]


async def _await_no_mail_waits(site: Installation) -> None:
    query = "SELECT count(*) FROM pgqueuer WHERE entrypoint = 'mail' AND status IN ('queued', 'picked')"

    async def is_empty() -> bool:
        return int(await site.database.fetch_value(query)) == 0

    await wait_until(is_empty, pause=0.2)


async def clocks_apart(site: Installation, report: Report) -> None:
    """The clock of one node is two minutes ahead of the other's, then two minutes behind."""
    for sign, word in (("+", "ahead"), ("-", "behind")):
        await _stop(site, "node2")
        await site.start_node("node2", **_shifted(site, f"{sign}{SKEW_SECONDS}s"))
        async with load_of(site.url, site.settings) as load:
            async with load.running():
                await asyncio.sleep(BEFORE_SECONDS)
            report.note(f"node2 {SKEW_SECONDS} s {word}: {summary(load.answers)}")
            for refusal in refusals(load.answers):
                report.note(refusal)
            _check_none_failed(report, load)
            await check_acknowledged(report, site.database, load)
            late = await load.lateness_of_access_token(f"http://127.0.0.1:{site.ports['node2']}")
            report.check(
                "an access token of node2 begins when the database's clock says", abs(late) < 10, f"{late:.0f} s"
            )
        warnings = (await site.dependencies("node2"))["warnings"]
        told = [one for one in warnings if one.startswith("clock:")]
        report.check("/health/dependencies of node2 names the clock", bool(told), warnings)
        if told:
            report.note(told[0])
    await _stop(site, "node2")
    await site.start_node("node2")


def _shifted(site: Installation, offset: str) -> Mapping[str, str]:
    return {
        "LD_PRELOAD": str(site.programs.faketime),
        "FAKETIME": offset,
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


async def _stop(site: Installation, name: str) -> None:
    await asyncio.to_thread(site.running[name].stop)


def _check_none_failed(report: Report, load: Load) -> None:
    report.check("no exchange failed", not failures(load.answers, EXCHANGE), summary(failures(load.answers, EXCHANGE)))
    report.check("no webhook failed", not failures(load.answers, WEBHOOK), summary(failures(load.answers, WEBHOOK)))
