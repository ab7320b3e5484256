"""The Content-Security-Policy of this product's pages that contain the phone: sources, and the headers of a page."""

from kit.settings import Settings

MEDIA_SOURCES = "mediastream: blob: data: https://*.twilio.com"
# The sandbox carrier signals on loopback, on a port that the system chooses.
_LOOPBACK_SOURCES = "ws://localhost:* http://localhost:* ws://127.0.0.1:* http://127.0.0.1:*"
_TWILIO_SOURCES = "https://*.twilio.com wss://*.twilio.com"


def script_sources(settings: Settings) -> str:
    """Sources of ``script-src``. A page that is opened under another host name loads the phone from the public URL."""
    return f"'self' {settings.public_url}"


def connect_sources(settings: Settings) -> str:
    """Sources of ``connect-src``: the exchange, and the carrier's signalling."""
    return " ".join(["'self'", *phone_connect_sources(settings)])


def phone_connect_sources(settings: Settings) -> tuple[str, ...]:
    """Sources to which the phone connects from any page: this product and the carrier's signalling."""
    return (settings.public_url, *(_LOOPBACK_SOURCES if settings.is_sandbox else _TWILIO_SOURCES).split())


def page_headers(settings: Settings, *, frame_ancestors: str, cache_control: str) -> dict[str, str]:
    """Headers of a page that contains the phone. ``frame_ancestors`` is the whole directive of that name."""
    directives = (
        "default-src 'none'",
        f"script-src {script_sources(settings)}",
        "style-src 'self'",
        f"connect-src {connect_sources(settings)}",
        "img-src 'self' data:",
        f"media-src {MEDIA_SOURCES}",
        "base-uri 'none'",
        "form-action 'none'",
        frame_ancestors,
    )
    return {
        "Content-Security-Policy": "; ".join(directives),
        "Permissions-Policy": "microphone=(self)",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": cache_control,
    }
