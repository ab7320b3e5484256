"""The country calling codes in the widget's panel equal those of phonenumbers, the server's library."""

import re
from pathlib import Path

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

NUMBERING_PLANS = Path(__file__).resolve().parents[3] / "frontend" / "phone" / "ui" / "dialer" / "numbering-plans.js"
SHARED = {1, 7}
"""Calling codes that several countries share, such as 1: the United States, Canada and others."""
NO_COUNTRY = "001"


def test_every_calling_code_has_its_country() -> None:
    table = NUMBERING_PLANS.read_text().split("const PLANS =", 1)[1].split(";", 1)[0]
    ours = {int(code): region for code, region in re.findall(r"\b(\d+)([A-Z]{2})", table)}
    theirs = {
        code: regions[0]
        for code, regions in COUNTRY_CODE_TO_REGION_CODE.items()
        if code not in SHARED and regions[0] != NO_COUNTRY
    }
    assert ours == theirs
