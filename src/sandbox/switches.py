"""Switches that make the sandbox behave as the real carrier was reported to, where it is kinder by default."""

from typing import Any, Literal

import msgspec

DEFAULT_DIAL_ERROR = 13227
"""The carrier's code of a ``<Dial>`` that makes no leg, where the switch names none: the country is not permitted."""


class Switches(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The switches of a sandbox; all are off at start."""

    hangup_sid: Literal["parent"] | None = None
    """A call that ends before ringing is reported with the sid of the caller's leg, which the SDK does not know yet."""
    no_child: dict[str, int] = {}
    """Numbers (E.164) for which a ``<Dial>`` makes no leg, each with the carrier's error code of that dial.

    A list of numbers is accepted too; their code is ``DEFAULT_DIAL_ERROR``.
    """
    action_first: bool = False
    """The request after a ``<Dial>`` comes before the last status callback of the dialled leg."""
    first_answer_ends_others: bool = False
    """The first of several dialled phones that answers ends the others, though it has not accepted the call yet."""
    unaccepted_dial_status: Literal["no-answer", "completed"] = "no-answer"
    """The ``DialCallStatus`` of a phone that answered and did not accept the call."""
    report_delay_seconds: float = 0
    """Status callbacks come this much later; requests for documents do not."""
    recording_report_delay_seconds: float = 0
    """The callbacks about recordings come this much later."""
    recording_reports_doubled: bool = False
    """Each callback about a recording comes twice."""
    recording_reports_lost: bool = False
    """No callback about a recording comes."""
    transcription_report_delay_seconds: float = 0
    """The callbacks about transcriptions come this much later."""
    transcription_reports_doubled: bool = False
    """Each callback about a transcription comes twice."""
    transcription_reports_lost: bool = False
    """No callback about a transcription comes."""
    transcription_seconds: float = 2
    """The time from the end of a recording to the end of its transcription, which ``EPOCH_SANDBOX_SPEED`` divides."""
    transcription_failed: bool = False
    """Every transcription fails."""
    transcriptions_unavailable: bool = False
    """Nothing is transcribed and nothing is told, as in an account that keeps the rules of payment cards."""
    webhook_failure: int | None = None
    """The code with which the browser learns that the application's document could not be read."""
    gateway_error: int | None = None
    """The code with which the gateway refuses an invitation, in an error message of its own; nothing is asked."""
    recorded_error: bool = False
    """A call whose document cannot be read is answered and hears a recorded sentence first."""
    update_answers_in_progress: bool = False
    """A request to end a call is answered with ``in-progress``; the call ends a moment later."""
    price_unit: str = "USD"
    """The currency in which calls and numbers are priced."""
    number_prices_unknown: frozenset[str] = frozenset()
    """Countries (ISO 3166) for which no prices of numbers are named."""
    empty_prices: bool = False
    """A call whose price is not set yet has an empty price instead of none, and no call gets one."""
    address_required: frozenset[str] = frozenset()
    """Countries (ISO 3166) whose numbers are sold only with an address."""
    address_requirement: Literal["any", "local", "foreign"] = "any"
    """The required place of that address: anywhere, in the number's country, or outside it."""
    bundle_required: frozenset[str] = frozenset()
    """Countries (ISO 3166) whose numbers are sold only with a regulatory bundle."""
    purchase_error: int | None = None
    """The carrier's code with which every purchase is refused; 20429 comes with status 429."""
    address_error: int | None = None
    """The carrier's code with which every new address is refused, such as 21628: it cannot be validated."""
    verified_once: bool = False
    """A number that the account verified already is not verified again, for whomever."""
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
    """The account's primary auth token is another one than the configured, which is still accepted."""

    def requirement_of(self, country: str) -> str:
        """The address requirement of a country's numbers, in the carrier's words."""
        return self.address_requirement if country in self.address_required else "none"


def parse_switches(body: bytes) -> Switches:
    """Read the switches from JSON. Raises: msgspec.MsgspecError."""
    given = msgspec.json.decode(body, type=dict[str, Any])
    if isinstance(given.get("no_child"), list):
        given["no_child"] = dict.fromkeys(msgspec.convert(given["no_child"], list[str]), DEFAULT_DIAL_ERROR)
    return msgspec.convert(given, Switches)
