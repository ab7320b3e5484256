"""Decides whether this deployment sets the callback URLs of a number at the carrier, for incoming calls. Pure."""

from carrier.port import NumberUrls, OwnedNumber
from phone_numbers.rules import parse_friendly_name

CARRIER_DEMO_URL = "https://demo.twilio.com/"
"""The beginning of the URLs of numbers that were bought without URLs; they play the carrier's recorded welcome."""


def needs_new_urls(owned: OwnedNumber, urls: NumberUrls | None, deployment: str) -> bool:
    """True when the URLs of ``owned``, which an organization holds here, differ from ``urls`` and may be changed.

    Numbers that another deployment bought keep their URLs: the number's name at the carrier contains the deployment.
    Numbers without such a name keep URLs that a person set.
    """
    if urls is None or (owned.urls == urls and not owned.application_sid):
        return False
    name = parse_friendly_name(owned.friendly_name)
    if name is not None:
        return name.deployment in (None, deployment)
    return reaches_nobody(owned) or owned.urls.voice == urls.voice


def reaches_nobody(owned: OwnedNumber) -> bool:
    """True when callers reach nobody, or only the carrier's recorded welcome."""
    return not owned.application_sid and (not owned.urls.voice or owned.urls.voice.startswith(CARRIER_DEMO_URL))
