"""Parsing of ids, whole numbers and days from outside: each is accepted in one spelling only."""

import datetime as dt
import re
from pathlib import Path
from uuid import UUID

import pytest

from kit.parsing import parse_day, parse_uuid, parse_whole_number

ID = "01890a5d-ac96-774b-bcce-b302099a8057"
SOURCES = Path(__file__).parents[3] / "src"
LENIENT = re.compile(r"fromisoformat\(|(?<![\w.])int\([^()]*, (?:16|0)\)|(?<![\w.])UUID\((?:text|given|actor|key)\b")


def test_the_standard_spelling_is_read() -> None:
    assert parse_uuid(ID) == parse_uuid(ID.upper()) == UUID(ID)
    assert parse_whole_number("0042", max_digits=4) == 42
    assert parse_day("2026-12-31") == dt.date(2026, 12, 31)


@pytest.mark.parametrize(
    "text", ["", ID.replace("-", ""), f"{{{ID}}}", f"urn:uuid:{ID}", f" {ID}", f"{ID}\n", ID[:-1] + "٣"]
)
def test_no_other_spelling_of_an_id_is_read(text: str) -> None:
    with pytest.raises(ValueError, match="not a UUID"):
        parse_uuid(text)


@pytest.mark.parametrize("text", ["", " 1", "1 ", "1_0", "0x1", "+1", "-1", "١", "²", "1.0", "12345", "1\n"])
def test_no_other_spelling_of_a_number_is_read(text: str) -> None:
    with pytest.raises(ValueError, match="not a whole number"):
        parse_whole_number(text, max_digits=4)


@pytest.mark.parametrize(
    "text", ["", "20261231", "2026-W53-4", "2026-12-32", "٢٠٢٦-12-31", "2026-12-31T00:00", "2026-12-31\n"]
)
def test_no_other_spelling_of_a_day_is_read(text: str) -> None:
    with pytest.raises(ValueError, match=r"day|month|range"):
        parse_day(text)


def test_outside_input_is_parsed_here_alone() -> None:
    own = {SOURCES / "kit" / "parsing.py", SOURCES / "guide" / "guide_source.py"}  # the guide is our own file
    found = {
        f"{path.relative_to(SOURCES)}: {match[0]}"
        for path in SOURCES.rglob("*.py")
        if path not in own and "sandbox" not in path.parts
        for match in LENIENT.finditer(path.read_text())
    }
    # These values come from a signed ticket, and a pattern has already checked their spelling.
    assert found <= {'widget/tickets.py: int(found["start"], 16)', 'widget/tickets.py: int(found["end"], 16)'}
