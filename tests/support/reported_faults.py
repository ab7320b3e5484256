"""Collects the results of tests marked ``reported_fault``; ``make reported-faults`` writes them into the docs."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TypedDict

import pytest

from support.locks import exclusive

ROOT = Path(__file__).resolve().parents[2]
KINDS = ROOT / "tests" / "cases" / "reported_faults.json"
RESULTS = ROOT / ".cache" / "reported-faults.json"
PROPERTY = "reported_fault"


class Kind(TypedDict):
    """A kind of fault of web phones: ``fault`` is what people reported, ``now`` what this phone does instead."""

    kind: str
    fault: str
    now: str


class Result(TypedDict):
    """The result of one test in one browser; ``browser`` is ``server`` for a test without a browser."""

    kind: str
    threads: str
    test: str
    browser: str
    outcome: str


def kinds() -> list[Kind]:
    found: list[Kind] = json.loads(KINDS.read_text())
    return found


class ReportedFaults:
    """The pytest plugin. Parallel test processes report to the one that started them, which writes ``RESULTS``."""

    def __init__(self, *, is_worker: bool) -> None:
        self._is_worker = is_worker
        self._results: dict[str, Result] = {}
        self._kinds = {kind["kind"] for kind in kinds()}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            for mark in item.iter_markers("reported_fault"):
                kind, threads = self._read(mark, item)
                item.user_properties.append((PROPERTY, json.dumps([kind, threads, _test(item), _browser(item)])))

    def _read(self, mark: pytest.Mark, item: pytest.Item) -> tuple[str, str]:
        kind = str(mark.args[0]) if len(mark.args) == 1 else ""
        if kind not in self._kinds:
            raise pytest.UsageError(f"{item.nodeid}: {kind!r} is no kind of tests/cases/reported_faults.json")
        return kind, str(mark.kwargs.get("threads", ""))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for name, value in report.user_properties:
            if name != PROPERTY or (report.when != "call" and report.passed):
                continue
            kind, threads, test, browser = json.loads(str(value))
            self._results[f"{report.nodeid} {kind}"] = Result(
                kind=kind, threads=threads, test=test, browser=browser, outcome=report.outcome
            )

    def pytest_sessionfinish(self) -> None:
        """Add the results of this run to those of earlier ones."""
        if self._is_worker or not self._results:
            return
        with exclusive("reported-faults"):
            earlier = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
            RESULTS.write_text(json.dumps({**earlier, **self._results}, indent=2))


def results() -> Iterator[Result]:
    """The results of the runs since ``RESULTS`` was removed."""
    found: dict[str, Result] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    yield from found.values()


def _test(item: pytest.Item) -> str:
    """``path::name``, without the parameters."""
    return f"{item.path.relative_to(ROOT)}::{getattr(item, 'originalname', item.name)}"


def _browser(item: pytest.Item) -> str:
    if item.get_closest_marker("webkit"):
        return "webkit"
    callspec = getattr(item, "callspec", None)
    if callspec is not None and "engine" in callspec.params:
        return str(callspec.params["engine"])
    return "chromium" if (ROOT / "tests" / "browser") in item.path.parents else "server"
