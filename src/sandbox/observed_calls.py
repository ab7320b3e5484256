"""Builds the JSON objects of ``GET /sandbox/calls``, for tests: a call with its legs, keys, verbs and audio energy.

The real carrier has no such resource.
"""

from sandbox.call_engine import Call
from sandbox.incoming_call import IncomingCall
from sandbox.legs import Leg
from sandbox.line import Line
from sandbox.rest_resources import Resource


def observed_call(call: Call) -> Resource:
    """A call from a browser."""
    media = call.media
    meter = media.meter if media is not None else None
    return {
        "sid": call.sid,
        "direction": "outbound",
        "child_sid": call.child.sid if call.child is not None else None,
        "child_verbs": call.redirected.line.verbs if call.redirected is not None else [],
        "recording_sid": call.recording_sid,
        "to": call.parent.to,
        "from": call.child.from_ if call.child is not None else None,
        "identity": call.caller.identity,
        "status": call.parent.status,
        "child_status": call.child.status if call.child is not None else None,
        "duration": call.child.seconds if call.child is not None else 0,
        "params": call.params,
        "dtmf": call.digits,
        "packets_in": meter.packets_in if meter else 0,
        "packets_out": meter.packets_out if meter else 0,
        "energy_in": meter.energy_in if meter else 0.0,
        "energy_out": meter.energy_out if meter else 0.0,
        "codec": media.codec if media is not None else None,
        "legs": [_observed_leg(leg) for leg in (call.parent, call.child) if leg is not None],
    }


def observed_incoming_call(call: IncomingCall) -> Resource:
    """A call from outside, with the fields of a call from a browser; the phone that was called last is the child."""
    caller, *phones = call.lines
    child = phones[-1].leg if phones else None
    now = caller.clock.seconds()
    return {
        "sid": call.sid,
        "direction": call.parent.direction,
        "from": call.parent.from_,
        "to": call.parent.to,
        "identity": None,
        "status": call.parent.status,
        "duration": call.parent.seconds,
        "child_sid": None if child is None else child.sid,
        "child_status": None if child is None else child.status,
        "params": {},
        "dtmf": caller.digits,
        "packets_in": 0,
        "packets_out": 0,
        "energy_in": caller.audio_from_person.energy(0, now),
        "energy_out": caller.audio_to_person.energy(0, now),
        "codec": None,
        "recording_sid": caller.recording_sid,
        "legs": [_observed_line(line) for line in call.lines],
    }


def _observed_line(line: Line) -> Resource:
    """A leg without a browser. Energy is in script seconds; ``energy_in`` comes from the person on the line."""
    now = line.clock.seconds()
    return {
        **_observed_leg(line.leg),
        "stage": line.stage,
        "dtmf": line.digits,
        "verbs": line.verbs,
        "recording_sid": line.recording_sid,
        "energy_in": line.audio_from_person.energy(0, now),
        "energy_out": line.audio_to_person.energy(0, now),
    }


def _observed_leg(leg: Leg) -> Resource:
    return {
        "sid": leg.sid,
        "parent_sid": leg.parent_sid,
        "from": leg.from_,
        "to": leg.to,
        "status": leg.status,
        "duration": leg.seconds,
    }
