"""Session descriptions: the little that aiortc leaves out of its answers."""

import re

RTPMAP = re.compile(r"^a=rtpmap:(\d+) ([^/\s]+)/(\d+)", re.MULTILINE)
MEDIA_LINE = re.compile(r"^m=audio .*?$", re.MULTILINE)
TELEPHONE_EVENT = "telephone-event"
DIGITS = "0123456789*#ABCD"


def telephone_event_type(offer: str) -> int | None:
    """The payload type under which the browser offers keypad tones at 8 kHz (RFC 4733), None when it does not."""
    types = (int(kind) for kind, name, rate in RTPMAP.findall(offer) if (name, rate) == (TELEPHONE_EVENT, "8000"))
    return next(types, None)


def with_telephone_event(answer: str, payload_type: int | None) -> str:
    """``answer`` that also accepts keypad tones; aiortc never does, and the browser would then use signalling."""
    media = MEDIA_LINE.search(answer)
    if payload_type is None or media is None:
        return answer
    line = media.group().rstrip("\r")
    attributes = f"a=rtpmap:{payload_type} {TELEPHONE_EVENT}/8000\r\na=fmtp:{payload_type} 0-16\r\n"
    accepted = answer.replace(line, f"{line} {payload_type}", 1)
    return accepted.rstrip("\r\n") + "\r\n" + attributes


def codec_of(answer: str) -> str:
    """The name of the codec that ``answer`` prefers, empty when there is none."""
    media = MEDIA_LINE.search(answer)
    names = {kind: name for kind, name, _ in RTPMAP.findall(answer)}
    preferred = media.group().split()[3:4] if media else []
    return names.get(preferred[0], "") if preferred else ""


class Keypad:
    """Keypad tones out of RTP payloads: each tone is sent many times and counts once."""

    def __init__(self) -> None:
        self._last_timestamp: int | None = None

    def press(self, timestamp: int, payload: bytes) -> str:
        """The digit that ends with this packet, or nothing."""
        if len(payload) < 4 or not payload[1] & 0x80 or payload[0] >= len(DIGITS) or timestamp == self._last_timestamp:
            return ""
        self._last_timestamp = timestamp
        return DIGITS[payload[0]]
