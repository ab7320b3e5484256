"""Calls from outside to the demo's number, through the sandbox carrier, and what their caller hears."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from demo.contacts import CALLER, DEMO_NUMBER

SANDBOX_SECONDS = 10.0
SCRIPT = ({"until": "heard"}, {"speak": 4}, {"wait": 2}, {"hang_up": True})
"""Listens, speaks when a recording runs or somebody is on the line, and hangs up."""
NOT_RUNNING = "The sandbox carrier does not answer. Stop the product, start it with make run, and try again."


class SandboxRefusal(Exception):
    """The sandbox does not make the call; the message says what to do."""


class HeardCall(msgspec.Struct):
    """A call as its caller knows it."""

    is_over: bool
    lines: list[str]
    """Sentences about what happened, in order."""


async def ring_demo_number(address: str | None) -> str:
    """Call the demo's number; returns the call's SID.

    Raises:
        SandboxRefusal: the sandbox is not running, or refuses the call.
    """
    wanted = {"from": CALLER, "to": DEMO_NUMBER, "script": SCRIPT}
    return str((await _request(address, "POST", "/sandbox/incoming-calls", wanted))["sid"])


async def heard_call(address: str | None, sid: str) -> HeardCall | None:
    """The call with this SID; None when the sandbox does not know it.

    Raises:
        SandboxRefusal: the sandbox is not running.
    """
    calls = await _request(address, "GET", "/sandbox/calls")
    call = next((call for call in calls if call["sid"] == sid and call["direction"] == "inbound"), None)
    return None if call is None else HeardCall(call["legs"][0]["stage"] == "over", list(_sentences(call)))


async def _request(address: str | None, method: str, path: str, body: object = None) -> Any:
    import httpx  # late: only the demo's button needs it

    from kit.tls import bundled_tls

    if address is None:
        raise SandboxRefusal(NOT_RUNNING)
    try:
        async with httpx.AsyncClient(
            base_url=f"http://{address}",
            verify=bundled_tls(trust_env=False),
            timeout=SANDBOX_SECONDS,
            trust_env=False,
        ) as client:
            answer = await client.request(method, path, json=body)
        content = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise SandboxRefusal(NOT_RUNNING) from error
    if not answer.is_success:
        raise SandboxRefusal(str(content.get("message", NOT_RUNNING)))
    return content


def _sentences(call: Mapping[str, Any]) -> Iterable[str]:
    caller, *phones = call["legs"]
    yield f"{call['from']} calls {call['to']}."
    for verb in caller["verbs"]:
        sentence = _sentence(verb)
        if sentence is not None:
            yield sentence
    for phone in phones:
        yield f"The phone {phone['to']}: {_end_of(phone)}."
    if caller["recording_sid"] is not None:
        yield "What the caller said was recorded."
    if caller["stage"] == "over":
        yield f"The call is over: {call['status']}."


def _sentence(verb: Mapping[str, Any]) -> str | None:
    match verb["verb"]:
        case "Say":
            return f"The caller hears: “{verb['text']}”"
        case "Play":
            return "The caller hears a recorded greeting."
        case "gathered" if verb["digits"]:
            return f"The caller presses {verb['digits']}."
        case "Dial":
            return f"Ringing {', '.join(verb['numbers'])}."
        case "Record":
            return "The caller hears a beep, and speaks."
    return None


def _end_of(phone: Mapping[str, Any]) -> str:
    """The state of a forwarded phone, in words."""
    if phone["stage"] == "connected":
        return "talks with the caller"
    if phone["stage"] == "over" and phone["status"] == "completed":
        return "answered, and hung up" if phone["energy_in"] or phone["dtmf"] else "answered, and did not accept"
    return str(phone["status"])
