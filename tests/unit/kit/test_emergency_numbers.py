"""The widget refuses the emergency numbers that the server refuses, all of them and no others."""

import itertools
import re
from pathlib import Path

from kit.e164 import _emergency_numbers

NUMBERS_JS = Path(__file__).resolve().parents[3] / "frontend" / "phone" / "numbers" / "parse.js"
LONGEST = 6
LONG = ("124422", "127799", "201606", "201917", "202099", "202914", "320221", "723141", "124423", "201607", "111111")
"""All shorter ones are tried; of the longest, those that the server refuses and some that it does not."""


def short_numbers() -> list[str]:
    lengths = range(1, LONGEST)
    return [*("".join(some) for length in lengths for some in itertools.product("0123456789", repeat=length)), *LONG]


def test_the_phone_and_the_server_refuse_the_same_emergency_numbers() -> None:
    found = re.search(r"const EMERGENCY =\s*/(.*)/;", NUMBERS_JS.read_text())
    assert found is not None
    phone, server = re.compile(found[1], re.ASCII), _emergency_numbers()
    here = {number for number in short_numbers() if server.fullmatch(number)}
    assert {number for number in short_numbers() if phone.fullmatch(number)} == here
    assert {"911", "112", "999", "000", "110", "118", "19", "03"} <= here
    assert not {"411", "611", "811", "988"} & here


def test_no_emergency_number_is_longer_than_a_short_code() -> None:
    """Longer texts are parsed as phone numbers: no emergency number may be that long."""
    assert not any(_emergency_numbers().fullmatch("1" * length) for length in range(LONGEST + 1, 16))
