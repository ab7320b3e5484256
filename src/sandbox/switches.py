"""Switches of the sandbox, off by default: each turns on a fault or behaviour reported of the real carrier."""

from typing import Any, Literal

import msgspec

DEFAULT_DIAL_ERROR = 13227
"""The error code of a ``<Dial>`` that makes no leg, where the switch names none: the country is not permitted."""


class Switches(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The switches of a sandbox; all are off at start."""

    hangup_sid: Literal["parent"] | None = None
    """``parent``: a call that ends before ringing is reported with the SID of the caller's leg.

    The SDK does not know that SID before ringing.
    """
    no_child: dict[str, int] = {}
    """Numbers (E.164) for which a ``<Dial>`` makes no leg, each with the carrier's error code for that dial.

    A list of numbers is accepted too; their code is ``DEFAULT_DIAL_ERROR``.
    """
    action_first: bool = False
    """The request after a ``<Dial>`` comes before the last status callback of the dialled leg."""
    first_answer_ends_others: bool = False
    """The first dialled phone that answers ends the other phones, although it has not accepted the call yet."""
    unaccepted_dial_status: Literal["no-answer", "completed"] = "no-answer"
    """The ``DialCallStatus`` of a phone that answered and did not accept the call."""
    report_delay_seconds: float = 0
    """The delay of status callbacks; requests for documents are not delayed."""
    recording_report_delay_seconds: float = 0
    """The delay of callbacks about recordings."""
    recording_reports_doubled: bool = False
    """Each callback about a recording is sent twice."""
    recording_reports_lost: bool = False
    """No callback about a recording is sent."""
    transcription_report_delay_seconds: float = 0
    """The delay of callbacks about transcriptions."""
    transcription_reports_doubled: bool = False
    """Each callback about a transcription is sent twice."""
    transcription_reports_lost: bool = False
    """No callback about a transcription is sent."""
    transcription_seconds: float = 2
    """The time from the end of a recording to the end of its transcription, divided by ``EPOCH_SANDBOX_SPEED``."""
    transcription_failed: bool = False
    """Every transcription fails."""
    transcriptions_unavailable: bool = False
    """Nothing is transcribed and no transcription callback is sent, as in an account in PCI mode."""
    webhook_failure: int | None = None
    """The error code sent to the browser when the application's document cannot be fetched or parsed."""
    gateway_error: int | None = None
    """The gateway refuses each invite with this code, in a separate error message; no document is requested."""
    recorded_error: bool = False
    """A call whose document cannot be fetched or parsed is answered and hears a recorded sentence before its end."""
    update_answers_in_progress: bool = False
    """The response to a request that ends a call is ``in-progress``; the call ends a moment later."""
    price_unit: str = "USD"
    """The currency of the prices of calls and numbers."""
    number_prices_unknown: frozenset[str] = frozenset()
    """Countries (ISO 3166) whose number prices are not found."""
    empty_prices: bool = False
    """No call gets a price: its price is an empty string, not null."""
    address_required: frozenset[str] = frozenset()
    """Countries (ISO 3166) whose numbers are sold only with an address."""
    address_requirement: Literal["any", "local", "foreign"] = "any"
    """The place that the address must be in: anywhere, the number's country, or another country."""
    bundle_required: frozenset[str] = frozenset()
    """Countries (ISO 3166) whose numbers are sold only with a regulatory bundle."""
    purchase_error: int | None = None
    """Every purchase is refused with this code; 20429 has the HTTP status 429."""
    address_error: int | None = None
    """Every new address is refused with this code, such as 21628: it cannot be validated."""
    verified_once: bool = False
    """A number that the account has verified is not verified again, not even for another organization."""
    area_code_ignored_abroad: bool = False
    """Searches outside North America ignore the area code."""
    trial: bool = False
    """The account is a trial."""
    balance: str = "100.00"
    """The account's balance, in US dollars."""
    countries_not_permitted: frozenset[str] = frozenset()
    """Countries (ISO 3166) that the account's geographic permissions exclude."""
    key_type: Literal["standard", "main", "restricted"] = "standard"
    """The kind of the API key."""
    other_auth_token: bool = False
    """The account's primary auth token differs from the configured one, which is still accepted."""

    def requirement_of(self, country: str) -> str:
        """The carrier's value of the address requirement of a country's numbers."""
        return self.address_requirement if country in self.address_required else "none"


def parse_switches(body: bytes) -> Switches:
    """Read the switches from JSON. Raises: msgspec.MsgspecError."""
    given = msgspec.json.decode(body, type=dict[str, Any])
    if isinstance(given.get("no_child"), list):
        given["no_child"] = dict.fromkeys(msgspec.convert(given["no_child"], list[str]), DEFAULT_DIAL_ERROR)
    return msgspec.convert(given, Switches)
