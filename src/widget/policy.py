"""What a page of ours that carries the phone must let it load and reach, as sources of its Content-Security-Policy."""

from kit.settings import Settings

MEDIA = "mediastream: blob: data: https://*.twilio.com"
# The sandbox carrier signals on a port the system chooses, always on loopback.
_LOOPBACK = "ws://localhost:* http://localhost:* ws://127.0.0.1:* http://127.0.0.1:*"
_TWILIO = "https://*.twilio.com wss://*.twilio.com"


def scripts(settings: Settings) -> str:
    """Sources of ``script-src``: opened by another name, a page still takes the phone from the public address."""
    return f"'self' {settings.public_url}"


def connections(settings: Settings) -> str:
    """Sources of ``connect-src``: the exchange, and the carrier's signalling."""
    return " ".join(["'self'", *addresses(settings)])


def addresses(settings: Settings) -> tuple[str, ...]:
    """What a phone on any page connects to: us, and the carrier's signalling."""
    return (settings.public_url, *(_LOOPBACK if settings.is_sandbox else _TWILIO).split())
