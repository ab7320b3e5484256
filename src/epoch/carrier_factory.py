"""Which carrier, which limits: the choices that the settings make."""

from carrier.health import CarrierHealthReporter
from carrier.port import Carrier
from carrier.twilio import TwilioCarrier
from kit.settings import Settings


def build_carrier(settings: Settings, health: CarrierHealthReporter | None = None) -> Carrier:
    """The carrier that the settings name; the sandbox speaks the same protocol at another address."""
    address = settings.sandbox_address if settings.is_sandbox else None
    api_base = None if address is None else f"http://{address}"
    return TwilioCarrier(settings.twilio, api_base=api_base, signaling=address, health=health)
