"""Call details that phone.js accepts, such as metadata: the server parses the same values from the carrier's form."""

import json
import random
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from calls.callback_forms import parse_form, parse_outgoing_call

PROGRAM = Path(__file__).parents[2] / "support" / "accepted_calls.mjs"
FIELDS = ("metadata", "name", "company", "url", "extension")
MIN_ACCEPTED = 1_000


def accepted_calls(seed: int) -> list[dict[str, Any]]:
    """Random calls that phone.js accepts: ``details`` as its events tell them, ``params`` as it sends them."""
    ran = subprocess.run(["node", str(PROGRAM), str(seed)], check=True, capture_output=True, text=True)
    return [json.loads(line) for line in ran.stdout.rstrip("\n").split("\n")]


@pytest.mark.reported_fault("metadata", threads="posthog#18282")
def test_what_is_accepted_is_read_as_it_is_told() -> None:
    seed = random.randrange(2**32)
    calls = accepted_calls(seed)
    assert len(calls) > MIN_ACCEPTED
    given = {field: sum(call["details"].get(field) is not None for call in calls) for field in FIELDS}
    assert min(given.values()) > MIN_ACCEPTED / 10, given
    for call in calls:
        form = {"CallSid": "CA" + "a" * 32, "From": f"client:w_{'a' * 32}_{'0' * 16}", **call["params"]}
        read = parse_outgoing_call(dict(parse_form(urlencode(form).encode())))
        told = {field: call["details"].get(field) for field in FIELDS}
        assert {field: getattr(read, field) for field in FIELDS} == told, (seed, call)
        assert "digits" not in json.dumps(call), (seed, call)
