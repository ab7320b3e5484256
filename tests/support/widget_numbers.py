"""Reads phone numbers in texts as the widget does, by running its code in Node."""

import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import msgspec

from kit.e164 import dialing_of

FRONTEND = Path(__file__).resolve().parents[2] / "frontend"


class Candidate(msgspec.Struct, frozen=True, rename="camel"):
    """A phone number that a text may mean."""

    number: str
    country: str | None
    extension: str
    digits: str
    is_doubtful: bool


class Reading(msgspec.Struct, frozen=True, rename="camel"):
    """The candidates that one text may mean, the most plausible first."""

    candidates: list[Candidate]
    is_emergency: bool

    @property
    def number(self) -> str | None:
        """The number that is dialled without asking the person; None when the person has to choose or confirm."""
        return self.candidates[0].number if len(self.candidates) == 1 and not self.candidates[0].is_doubtful else None


class Readings(msgspec.Struct, frozen=True):
    """One text: cleaned, read with the rules of all countries (``complete``), and by phone.js alone (``basic``)."""

    cleaned: str
    complete: Reading
    basic: Reading


def read_numbers(cases: Sequence[tuple[str, str]]) -> list[Readings]:
    """The readings of each text in each country (ISO 3166)."""
    node = shutil.which("node")
    assert node is not None
    # Many texts share a country.
    dialing = {country: msgspec.to_builtins(dialing_of(country)) for country in {country for _, country in cases}}
    given = json.dumps([(text, dialing[country]) for text, country in cases])
    program = (node, "tests/numbers/read.mjs")
    done = subprocess.run(program, cwd=FRONTEND, input=given, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return msgspec.json.decode(done.stdout, type=list[Readings])
