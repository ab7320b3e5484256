"""Decides for which numbers this deployment sets the addresses of incoming calls. Pure."""

from carrier.port import NumberUrls, OwnedNumber
from phone_numbers.rules import parse_friendly_name

CARRIERS_DEMO = "https://demo.twilio.com/"
"""The addresses of numbers that were bought without one begin so; they lead to a recorded welcome of the carrier."""


def is_to_change(owned: OwnedNumber, urls: NumberUrls | None, deployment: str) -> bool:
    """True when calls to ``owned``, which an organization here holds, should go to ``urls`` and do not.

    A number that another deployment bought, or whose calls a person led elsewhere, is left alone: its name at the
    carrier says who bought it.
    """
    if urls is None or (owned.urls == urls and not owned.application_sid):
        return False
    name = parse_friendly_name(owned.friendly_name)
    if name is not None:
        return name.deployment in (None, deployment)
    return leads_nowhere(owned) or owned.urls.voice == urls.voice


def leads_nowhere(owned: OwnedNumber) -> bool:
    """True when callers reach nobody, or the carrier's welcome."""
    return not owned.application_sid and (not owned.urls.voice or owned.urls.voice.startswith(CARRIERS_DEMO))
