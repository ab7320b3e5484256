"""Names, URLs and values that a deployment's account at the carrier should have, for its set-up and checks. Pure."""

import re
from collections.abc import Sequence
from decimal import Decimal
from urllib.parse import urlsplit

import msgspec

from calls.limits.platform_exposure import PlatformExposure
from carrier.account import Application, ApplicationUrls, NumberRoute, UsageTrigger
from kit.deployment import Deployment
from kit.rounding import divide_up
from kit.settings import Settings

FALLBACK_DOCUMENT = '<?xml version="1.0" encoding="UTF-8"?>\n<Response>\n  <Reject/>\n</Response>'
"""Ends a call without answering it, as ``/voice/unavailable`` does; the widget then says that the call failed."""
_APPLICATION_NAME = re.compile(r"Epoch Voice ([0-9a-f]{12})")
_TRIGGER_TOLERANCE = Decimal("0.1")
"""The relative difference up to which a usage trigger's value counts as correct."""


class CarrierNeeds(msgspec.Struct, frozen=True):
    """The facts of the database that decide what the account at the carrier should have."""

    deployment: Deployment
    exposure: PlatformExposure
    number_sids: frozenset[str]
    """The carrier's ids of the numbers that organizations hold."""


def is_own_application(application: Application, settings: Settings, deployment: Deployment) -> bool:
    """True when no other deployment may own the application.

    It has this deployment's name or a voice URL of it, or has no voice URL and not the name of another deployment.
    """
    if application.friendly_name == application_name(deployment):
        return True
    if application.urls.voice:
        return is_under(application.urls.voice, settings.public_url)
    return _APPLICATION_NAME.fullmatch(application.friendly_name) is None


def application_name(deployment: Deployment) -> str:
    """The name of the deployment's TwiML application."""
    return f"Epoch Voice {deployment.name}"


def trigger_name(deployment: Deployment) -> str:
    """The name of the deployment's usage trigger."""
    return f"Epoch Voice {deployment.name} daily cost"


def trigger_dollars(exposure: PlatformExposure) -> Decimal:
    """Twice the daily cost that the organizations' limits allow; the account reaches it only if the limits fail."""
    return Decimal(divide_up(2 * exposure.cents_per_day, 100))


def alert_url(settings: Settings) -> str:
    """The URL to which the usage trigger sends its alert."""
    return f"{settings.public_url}/voice/usage-alert"


def fallback_advice(settings: Settings) -> str:
    """The text about the URL that the carrier requests when this product does not answer."""
    if settings.carrier_fallback_url is not None:
        advice = f"The carrier requests {settings.carrier_fallback_url} when this product does not answer."
    else:
        advice = (
            "EPOCH_CARRIER_FALLBACK_URL is not set: while this product does not answer, callers hear the carrier's"
            " recorded error. Create a TwiML Bin at the carrier, set the variable to its URL and run this again."
        )
    return f"{advice}\nText of the TwiML Bin:\n\n{FALLBACK_DOCUMENT}"


def expected_urls(settings: Settings) -> ApplicationUrls:
    """The URLs that the application should have."""
    return ApplicationUrls(
        voice=f"{settings.public_url}/voice/outgoing",
        fallback=settings.carrier_fallback_url or f"{settings.public_url}/voice/unavailable",
        status=f"{settings.public_url}/voice/status",
    )


def application_differences(found: Application, name: str, urls: ApplicationUrls) -> Sequence[tuple[str, str, str]]:
    """The differences: a name of the property, its value, and the value that it should have."""
    values = (
        ("voice URL", found.urls.voice, urls.voice),
        ("fallback URL", found.urls.fallback, urls.fallback),
        ("status callback", found.urls.status, urls.status),
        ("method", "POST" if found.is_posted else "GET", "POST"),
        ("name", found.friendly_name, name),
    )
    return [(name, value or "empty", wanted) for name, value, wanted in values if value != wanted]


def is_trigger_correct(trigger: UsageTrigger, dollars: Decimal, url: str) -> bool:
    """True when the trigger reports to ``url`` at about ``dollars`` a day."""
    is_near = abs(trigger.dollars - dollars) <= dollars * _TRIGGER_TOLERANCE
    return trigger.is_daily_cost and trigger.callback_url == url and is_near


def describe_foreign_route(route: NumberRoute, settings: Settings) -> str | None:
    """A text about a number whose incoming calls go to another server; None when they go to none or to this product."""
    if route.application_sid and route.application_sid != settings.twilio.twiml_app_sid:
        destination = f"the application {route.application_sid}"
    elif route.voice_url and not is_under(route.voice_url, settings.public_url):
        destination = urlsplit(route.voice_url).netloc
    else:
        return None
    return f"number …{route.e164[-4:]} ({route.sid}): people who call it back reach {destination}, not this product"


def is_under(url: str, base: str) -> bool:
    """True when ``url`` is a URL of the server at ``base``."""
    return url.startswith(f"{base}/")
