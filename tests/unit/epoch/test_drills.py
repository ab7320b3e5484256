"""The drills in ``deploy/drills`` run the commands of docs/operations.md; their configurations and reports."""

import asyncio
import re
import subprocess
import sys
import time
from pathlib import Path
from string import Template

import pytest

from drills.__main__ import DRILLS
from drills.database import CONFIG
from drills.documented import HANDBOOK, Block, ServiceManager, documented
from drills.packages import PACKAGES
from drills.processes import kill_tree
from drills.report import DOCUMENT, Report, write_report

ROOT = Path(__file__).resolve().parents[3]
NO_REPORT = "No report yet."


def test_the_drills_run_every_marked_block_of_the_handbook() -> None:
    assert set(documented(HANDBOOK.read_text())) == set(Block)
    sources = "".join(path.read_text() for path in (ROOT / "deploy" / "drills").glob("*.py"))
    assert {block.name for block in Block} == set(re.findall(r"Block\.([A-Z_]+)", sources))


def test_two_blocks_with_one_name_are_refused() -> None:
    block = "<!-- run by make drill: backup -->\n```sh\ntrue\n```\n"
    with pytest.raises(ValueError, match="one name"):
        documented(block + block)


def test_every_drill_has_its_report_in_the_documentation() -> None:
    reports = re.findall(
        r"<!-- made by make drill: ([a-z-]+) -->\n(.*?)<!-- end of \1 -->", DOCUMENT.read_text(), re.DOTALL
    )
    assert sorted(name for name, _ in reports) == sorted(DRILLS)
    assert all("holds " in text or text.strip() == NO_REPORT for _, text in reports)
    assert [name for name, text in reports if "FAILED" in text] == []
    assert all(f"`{package}`" in DOCUMENT.read_text() for package in PACKAGES)


def test_a_report_is_written_into_its_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "drills.md"
    page.write_text("a\n<!-- made by make drill: restore -->\nformer\n<!-- end of restore -->\nb\n")
    monkeypatch.setattr("drills.report.DOCUMENT", page)
    said: list[str] = []
    report = Report(said.append)
    report.check("all is well", holds=True)
    report.check("nothing is lost", holds=False, seen="one row")
    write_report("restore", report)
    assert said == ["holds   all is well", "FAILED  nothing is lost: one row"]
    assert report.failures == 1
    text = page.read_text()
    assert text.startswith("a\n<!-- made by make drill: restore -->\n\n```text\n")
    assert text.endswith("holds   all is well\nFAILED  nothing is lost: one row\n```\n\n<!-- end of restore -->\nb\n")
    assert "former" not in text


def test_the_configurations_have_only_names_that_the_drill_knows() -> None:
    names = {
        name: set(Template((CONFIG / name).read_text()).get_identifiers()) for name in ("haproxy.cfg", "patroni.yml")
    }
    sources = "".join((ROOT / "deploy" / "drills" / f"{name}.py").read_text() for name in ("database", "installation"))
    assert names["patroni.yml"] <= set(re.findall(r"(\w+)=", sources))
    assert {re.sub(r"\d", "", name) for name in names["haproxy.cfg"]} == {
        "folder",
        "public_port",
        "node_port",
        "database_port",
        "patroni_port",
    }


def test_systemctl_of_the_handbook_restarts_the_drills_process(tmp_path: Path) -> None:
    async def run() -> tuple[list[str], list[int | None]]:
        restarted: list[str] = []

        async def restart(machine_and_unit: str) -> None:
            if "serve" not in machine_and_unit:
                raise RuntimeError("no such unit")
            restarted.append(machine_and_unit)

        manager, statuses = ServiceManager(tmp_path), list[int | None]()
        await manager.start(restart)
        for command in ("restart epoch-serve", "restart epoch-jobs", "stop epoch-serve"):
            process = await asyncio.create_subprocess_shell(
                f"systemctl {command}", env=manager.environ({}, "node2"), stderr=asyncio.subprocess.DEVNULL
            )
            statuses.append(await process.wait())
        manager.close()
        return restarted, statuses

    assert asyncio.run(run()) == (["node2 epoch-serve"], [0, 1, 1])


def test_killing_a_process_kills_its_child_processes(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    child = f"import os, time; open({str(note)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    with subprocess.Popen([sys.executable, "-c", parent], start_new_session=True) as process:
        deadline = time.monotonic() + 60
        while not (note.exists() and note.read_text()) and time.monotonic() < deadline:
            time.sleep(0.02)
        below = int(note.read_text())
        kill_tree(process.pid)
        assert process.wait(60) == -9
    while Path(f"/proc/{below}").exists() and time.monotonic() < deadline:
        if Path(f"/proc/{below}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
            break
        time.sleep(0.02)
    else:
        assert not Path(f"/proc/{below}").exists()
