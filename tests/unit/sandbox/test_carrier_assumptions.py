"""docs/carrier-assumptions.md names kinds of sources, and files, switches and tests that exist; and every switch."""

import re
from pathlib import Path

import msgspec
import pytest

from sandbox.switches import Switches

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "carrier-assumptions.md"
SWITCHES = {field.name for field in msgspec.structs.fields(Switches)}
COLUMNS = 4
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.read_text(encoding="utf-8").splitlines()
    if line.startswith("|") and not line.startswith(("|---", "| assumption "))
]


@pytest.mark.parametrize("row", ROWS, ids=[row[0][:60] for row in ROWS])
def test_each_assumption_has_a_source_a_place_and_its_opposite(row: list[str]) -> None:
    assert len(row) == COLUMNS
    _, source, place, opposite = row
    assert re.match("documented|reported|read|not documented", source)
    assert (ROOT / place.strip("`")).exists()
    named = re.findall("`([^`]+)`", opposite)
    assert named or "not verified" in opposite
    for name in named:
        path, _, test = name.partition("::")
        if "/" not in path:
            assert name in SWITCHES
            continue
        text = (ROOT / path).read_text(encoding="utf-8")
        assert not test or re.search(rf"def {test}\(", text)


def test_every_switch_is_named() -> None:
    named = {name for row in ROWS for name in re.findall("`([^`]+)`", row[-1])}
    assert named >= SWITCHES
