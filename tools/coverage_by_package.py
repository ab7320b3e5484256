"""Prints the coverage (lines and branches) of each package under src/ from coverage's JSON report.

Then follows each module whose coverage is below 90 percent.
"""

import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

LOW_PERCENT = 90.0


class Count(NamedTuple):
    """Numbers of statements and branches: those that were run, and all."""

    covered: int
    total: int

    @property
    def percent(self) -> float:
        return 100.0 * self.covered / self.total if self.total else 100.0


def counts_by_package(report: Path) -> dict[str, Count]:
    """The counts for each package (``calls``) and each module (``calls/usage.py``), lines and branches together."""
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for name, file in json.loads(report.read_text())["files"].items():
        path, summary = Path(name).relative_to("src"), file["summary"]
        covered = summary["covered_lines"] + summary["covered_branches"]
        total = summary["num_statements"] + summary["num_branches"]
        for key in (path.parts[0], str(path)):
            sums[key][0] += covered
            sums[key][1] += total
    return {key: Count(*value) for key, value in sums.items()}


def main() -> None:
    """Print the coverage of each package, of all, and of the modules below ``LOW_PERCENT``."""
    counts = counts_by_package(Path(sys.argv[1]))
    packages = sorted(key for key in counts if "/" not in key)
    total = Count(
        sum(counts[package].covered for package in packages), sum(counts[package].total for package in packages)
    )
    lines = [f"{package:<16} {counts[package].percent:5.1f} %" for package in packages]
    lines += [f"{'all':<16} {total.percent:5.1f} %", "", f"Modules below {LOW_PERCENT:.0f} %:"]
    low = sorted((count.percent, key) for key, count in counts.items() if "/" in key and count.percent < LOW_PERCENT)
    lines += [f"{percent:5.1f} %  {key}" for percent, key in low] or ["none"]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
