"""Makes the carrier that the settings name."""

from carrier.health import CarrierHealthReporter
from carrier.port import Carrier
from carrier.twilio import TwilioCarrier
from kit.settings import Settings


def build_carrier(settings: Settings, health: CarrierHealthReporter | None = None) -> Carrier:
    """Make the Twilio adapter, for Twilio or for the sandbox carrier, which has the same API."""
    address = settings.sandbox_address if settings.is_sandbox else None
    api_base = None if address is None else f"http://{address}"
    return TwilioCarrier(settings.twilio, api_base=api_base, signaling=address, health=health)
