"""Writes the table of known faults of web phones, and our tests' results, into docs/browser-support.md.

``make reported-faults`` runs it after the tests. A row is a kind of fault that people reported, listed in
``tests/cases/reported_faults.json``; its results are those of the tests marked with the kind.
"""

import re
import sys
from collections import Counter
from pathlib import Path

from support.reported_faults import Kind, Result, kinds, results

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "browser-support.md"
BLOCK = re.compile(r"(<!-- made by make reported-faults: table -->\n).*?(<!-- end of table -->)", re.DOTALL)
NAMES = {"chromium": "Chromium", "firefox": "Firefox", "webkit": "WebKit", "server": "the server"}
HEAD = "| kind | reported | the phone now | results | tests |\n|---|---|---|---|---|"


def row(kind: Kind, found: list[Result]) -> str:
    """The table's row of a kind, from the results of its tests."""
    threads = sorted({thread.strip() for result in found for thread in result["threads"].split(",") if thread.strip()})
    reports = f" ({', '.join(threads)})" if threads else ""
    files = sorted({result["test"].partition("::")[0] for result in found})
    browsers = {result["browser"] for result in found}
    cells = (
        kind["kind"],
        f"{kind['fault']}{reports}",
        kind["now"],
        "; ".join(_results_in(browser, found) for browser in NAMES if browser in browsers),
        ", ".join(f"`{file}`" for file in files),
    )
    return f"| {' | '.join(cells)} |"


def _results_in(browser: str, found: list[Result]) -> str:
    """A text such as ``Firefox: 3 passed``."""
    counts = Counter(result["outcome"] for result in found if result["browser"] == browser)
    return f"{NAMES[browser]}: {', '.join(f'{count} {outcome}' for outcome, count in sorted(counts.items()))}"


def main() -> int:
    """Write the table; return 1 if a kind has no result, or a test did not pass."""
    by_kind: dict[str, list[Result]] = {kind["kind"]: [] for kind in kinds()}
    for result in results():
        by_kind[result["kind"]].append(result)
    table = "\n".join([HEAD, *(row(kind, by_kind[kind["kind"]]) for kind in kinds())])
    PAGE.write_text(BLOCK.sub(lambda block: f"{block[1]}{table}\n\n{block[2]}", PAGE.read_text()))
    untested = [kind for kind, found in by_kind.items() if not found]
    failed = [result["test"] for found in by_kind.values() for result in found if result["outcome"] != "passed"]
    for text, names in (("no test ran of", untested), ("did not pass:", failed)):
        sys.stdout.write("".join(f"{text} {name}\n" for name in names))
    return int(bool(untested or failed))


if __name__ == "__main__":
    raise SystemExit(main())
