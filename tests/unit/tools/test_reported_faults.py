"""The pytest plugin for tests marked ``reported_fault`` writes their results to a file, and refuses unlisted kinds."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from support.reported_faults import kinds

pytestmark = pytest.mark.slow
TESTS = Path(__file__).resolve().parents[2]
CONFTEST = """
import support.reported_faults as plugin
from pathlib import Path

plugin.ROOT = Path(__file__).parent
plugin.RESULTS = plugin.ROOT / "results.json"

def pytest_configure(config):
    config.addinivalue_line("markers", "reported_fault(kind, threads)")
    config.pluginmanager.register(plugin.ReportedFaults(is_worker=hasattr(config, "workerinput")))
"""
PAGE = """
import pytest

@pytest.mark.reported_fault({kind!r}, threads="some/repository#1")
@pytest.mark.parametrize("engine", ["chromium", "firefox"])
def test_holds(engine):
    assert engine == "chromium"

def test_without_a_mark():
    pass
"""


def run(folder: Path, kind: str, *options: str) -> "subprocess.CompletedProcess[str]":
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "test_page.py").write_text(PAGE.format(kind=kind))
    argv = [sys.executable, "-m", "pytest", "-q", "-c", "/dev/null", "--rootdir", str(folder), *options, str(folder)]
    environ = {"PYTHONPATH": str(TESTS), "PATH": ""}
    return subprocess.run(argv, cwd=folder, env=environ, capture_output=True, text=True, check=False, timeout=600)


def test_the_result_in_each_browser_is_kept(tmp_path: Path) -> None:
    for options in ((), ("-n", "2")):
        run(tmp_path, "top layer", *options)
        results = json.loads((tmp_path / "results.json").read_text()).values()
        assert {(result["test"], result["browser"], result["outcome"]) for result in results} == {
            ("test_page.py::test_holds", "chromium", "passed"),
            ("test_page.py::test_holds", "firefox", "failed"),
        }
        assert {(result["kind"], result["threads"]) for result in results} == {("top layer", "some/repository#1")}
        (tmp_path / "results.json").unlink()


def test_an_unknown_kind_is_refused(tmp_path: Path) -> None:
    refused = run(tmp_path, "no such kind")
    assert refused.returncode != 0
    assert "'no such kind' is no kind of tests/cases/reported_faults.json" in refused.stdout + refused.stderr


def marked_kinds(path: Path) -> set[str]:
    """The kinds of the marks in a file of tests."""
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    return {
        str(call.args[0].value)
        for call in calls
        if isinstance(call.func, ast.Attribute)
        and call.func.attr == "reported_fault"
        and call.args
        and isinstance(call.args[0], ast.Constant)
    }


def test_every_kind_has_a_test() -> None:
    marked = set().union(*map(marked_kinds, TESTS.rglob("test_*.py")))
    assert marked == {kind["kind"] for kind in kinds()}


def test_every_kind_has_its_own_name() -> None:
    names = [kind["kind"] for kind in kinds()]
    assert len(set(names)) == len(names)
