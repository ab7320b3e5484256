"""Session descriptions (SDP): reads codecs, adds DTMF to aiortc's answers, and decodes DTMF packets (RFC 4733)."""

import re

RTPMAP = re.compile(r"^a=rtpmap:(\d+) ([^/\s]+)/(\d+)", re.MULTILINE)
MEDIA_LINE = re.compile(r"^m=audio .*?$", re.MULTILINE)
TELEPHONE_EVENT = "telephone-event"
DTMF_DIGITS = "0123456789*#ABCD"


def telephone_event_type(offer: str) -> int | None:
    """The payload type of the browser's DTMF offer at 8 kHz (RFC 4733); None without one."""
    types = (int(kind) for kind, name, rate in RTPMAP.findall(offer) if (name, rate) == (TELEPHONE_EVENT, "8000"))
    return next(types, None)


def with_telephone_event(answer: str, payload_type: int | None) -> str:
    """``answer`` that also accepts DTMF. aiortc never accepts DTMF; the browser would send the digits by signalling."""
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


class DtmfDecoder:
    """Decodes DTMF from RTP payloads: each tone is sent many times and counts once."""

    def __init__(self) -> None:
        self._last_timestamp: int | None = None

    def decode(self, timestamp: int, payload: bytes) -> str:
        """The digit that ends with this packet; empty when none does."""
        if (
            len(payload) < 4
            or not payload[1] & 0x80
            or payload[0] >= len(DTMF_DIGITS)
            or timestamp == self._last_timestamp
        ):
            return ""
        self._last_timestamp = timestamp
        return DTMF_DIGITS[payload[0]]
