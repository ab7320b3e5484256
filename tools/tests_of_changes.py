"""Reads paths of changed files from standard input, one in a line, and prints the paths of the tests to run for them.

The tests are all unit tests, the integration tests of each changed package, and changed integration and contract tests.
"""

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ALWAYS = "tests/unit"
SERVER_TESTS = ("integration", "contract")


def paths_of_tests(changed: Iterable[str]) -> Sequence[str]:
    """The paths of the tests for the files ``changed``; paths are relative to the checkout and exist."""
    return [ALWAYS, *sorted({path for file in changed for path in _paths_of(file) if (ROOT / path).exists()})]


def _paths_of(file: str) -> Iterator[str]:
    folder, *inner = file.split("/")
    if folder == "src" and inner:
        yield f"tests/integration/{inner[0]}"
    elif folder == "tests" and inner[0] in SERVER_TESTS and Path(file).name.startswith("test_"):
        yield file


if __name__ == "__main__":
    sys.stdout.write(" ".join(paths_of_tests(sys.stdin.read().splitlines())))
