"""Asks the sandbox carrier to call the demo's number, and describes in sentences what the caller hears."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from demo.contacts import CALLER_NUMBER, DEMO_NUMBER

SANDBOX_TIMEOUT_SECONDS = 10.0
CALLER_SCRIPT = ({"until": "heard"}, {"speak": 4}, {"wait": 2}, {"hang_up": True})
"""The caller listens, speaks once a recording runs or somebody has answered, and hangs up."""
NOT_RUNNING = "The sandbox carrier does not answer. Stop the product, start it with make run, and try again."


class SandboxRefusal(Exception):
    """The sandbox carrier is not running or refuses the call; the message says what to do."""


class CallDescription(msgspec.Struct):
    """A call as its caller experiences it."""

    is_over: bool
    lines: list[str]
    """Sentences about the events of the call, in order."""


async def call_demo_number(sandbox_address: str | None) -> str:
    """Call the demo's number from outside; returns the call's SID.

    Raises:
        SandboxRefusal: the sandbox is not running, or refuses the call.
    """
    body = {"from": CALLER_NUMBER, "to": DEMO_NUMBER, "script": CALLER_SCRIPT}
    return str((await _request(sandbox_address, "POST", "/sandbox/incoming-calls", body))["sid"])


async def describe_call(sandbox_address: str | None, sid: str) -> CallDescription | None:
    """Describe the call with this SID; None if the sandbox carrier does not know it.

    Raises:
        SandboxRefusal: the sandbox is not running.
    """
    calls = await _request(sandbox_address, "GET", "/sandbox/calls")
    call = next((call for call in calls if call["sid"] == sid and call["direction"] == "inbound"), None)
    return None if call is None else CallDescription(call["legs"][0]["stage"] == "over", list(_sentences(call)))


async def _request(sandbox_address: str | None, method: str, path: str, body: object = None) -> Any:
    import httpx  # imported late: only the demo's button needs it

    from kit.tls import bundled_tls

    if sandbox_address is None:
        raise SandboxRefusal(NOT_RUNNING)
    try:
        async with httpx.AsyncClient(
            base_url=f"http://{sandbox_address}",
            verify=bundled_tls(trust_env=False),
            timeout=SANDBOX_TIMEOUT_SECONDS,
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
        yield f"The phone {phone['to']}: {_state_of(phone)}."
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


def _state_of(phone: Mapping[str, Any]) -> str:
    """The state of a forwarded phone, as the end of a sentence."""
    if phone["stage"] == "connected":
        return "talks with the caller"
    if phone["stage"] == "over" and phone["status"] == "completed":
        return "answered, and hung up" if phone["energy_in"] or phone["dtmf"] else "answered, and did not accept"
    return str(phone["status"])
