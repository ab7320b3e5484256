"""What a page of ours that carries the phone must let it load and reach, as sources of its Content-Security-Policy."""

from kit.settings import Settings

MEDIA = "mediastream: blob: data: https://*.twilio.com"
# The sandbox carrier signals on a port the system chooses, always on loopback.
_LOOPBACK = "ws://localhost:* http://localhost:* ws://127.0.0.1:* http://127.0.0.1:*"
_TWILIO = "https://*.twilio.com wss://*.twilio.com"
_YEAR = 31_536_000


def scripts(settings: Settings) -> str:
    """Sources of ``script-src``: opened by another name, a page still takes the phone from the public address."""
    return f"'self' {settings.public_url}"


def connections(settings: Settings) -> str:
    """Sources of ``connect-src``: the exchange, and the carrier's signalling."""
    return " ".join(["'self'", *addresses(settings)])


def addresses(settings: Settings) -> tuple[str, ...]:
    """What a phone on any page connects to: us, and the carrier's signalling."""
    return (settings.public_url, *(_LOOPBACK if settings.is_sandbox else _TWILIO).split())


def page_headers(settings: Settings, *, ancestors: str, cache: str) -> dict[str, str]:
    """Headers of a page of ours that carries the phone; ``ancestors`` is the directive that says who may frame it."""
    directives = (
        "default-src 'none'",
        f"script-src {scripts(settings)}",
        "style-src 'self'",
        f"connect-src {connections(settings)}",
        "img-src 'self' data:",
        f"media-src {MEDIA}",
        "base-uri 'none'",
        "form-action 'none'",
        ancestors,
    )
    headers = {
        "Content-Security-Policy": "; ".join(directives),
        "Permissions-Policy": "microphone=(self)",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": cache,
    }
    if settings.public_is_https:
        headers["Strict-Transport-Security"] = f"max-age={_YEAR}; includeSubDomains"
    return headers
