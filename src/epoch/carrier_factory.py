"""Makes the Twilio adapters, also for the sandbox carrier: for calls and numbers, and for managing the account."""

import msgspec

from carrier.account import AccountAdmin
from carrier.health import CarrierHealthReporter
from carrier.port import Carrier
from carrier.twilio import TwilioCarrier
from carrier.twilio_account import TwilioAccountAdmin
from kit.settings import Settings


def build_carrier(settings: Settings, health: CarrierHealthReporter | None = None) -> Carrier:
    """Make the Twilio adapter, for Twilio or for the sandbox carrier, which has the same API."""
    address = settings.sandbox_address if settings.is_sandbox else None
    api_base = None if address is None else f"http://{address}"
    return TwilioCarrier(settings.twilio, api_base=api_base, signaling=address, health=health)


def build_account_admin(settings: Settings, *, with_auth_token: bool = False) -> AccountAdmin:
    """Make the adapter for commands. It signs in with the API key, or with the auth token if ``with_auth_token``."""
    account = settings.twilio
    if with_auth_token:
        account = msgspec.structs.replace(account, api_key_sid=account.account_sid, api_key_secret=account.auth_token)
    address = settings.sandbox_address if settings.is_sandbox else None
    return TwilioAccountAdmin(account, api_base=None if address is None else f"http://{address}", signaling=address)
