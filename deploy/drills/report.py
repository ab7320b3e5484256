"""The report of a drill: prints its assertions and measured times, and writes them into docs/drills.md."""

import datetime as dt
import os
from collections.abc import Callable
from pathlib import Path

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "drills.md"


class Report:
    """Collects the lines of one drill, and prints each as it comes."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self.lines: list[str] = []
        self.failures = 0

    def note(self, text: str) -> None:
        """Add a time or a number that was seen."""
        self._add(f"seen    {text}")

    def check(self, text: str, holds: bool, seen: object = "") -> None:
        """Add an assertion, and ``seen`` where it does not hold."""
        self.failures += not holds
        self._add(f"{'holds ' if holds else 'FAILED'}  {text}" + ("" if holds or seen == "" else f": {seen}"))

    def _add(self, line: str) -> None:
        self.lines.append(line)
        self._say(line)


def write_report(name: str, report: Report) -> None:
    """Write the report of the drill ``name`` into its block of docs/drills.md."""
    head = f"{dt.datetime.now(dt.UTC):%Y-%m-%d}, {os.cpu_count()} processors, load average {os.getloadavg()[0]:.1f}"
    begin, end = f"<!-- made by make drill: {name} -->\n", f"<!-- end of {name} -->"
    before, rest = DOCUMENT.read_text().split(begin)
    lines = "\n".join([head, *report.lines])
    DOCUMENT.write_text(f"{before}{begin}\n```text\n{lines}\n```\n\n{end}{rest.partition(end)[2]}")
