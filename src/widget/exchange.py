"""``POST /widget/exchange``: answers an embed token with a carrier access token and the widget's settings."""

from datetime import UTC, datetime
from functools import lru_cache

import msgspec

from carrier.access_token import AccessTokenSigner
from kit.e164 import dialing_of
from kit.schemas import ResponseModel
from widget.client_ids import identity_of
from widget.last_used import EmbedTokenUseWriter
from widget.tickets import Tickets
from widget.token_auth import AuthenticatedWidget, WidgetRequest

_encode = msgspec.json.Encoder().encode


class WidgetOutcome(ResponseModel, frozen=True, kw_only=True):
    """An outcome as the phone shows it."""

    name: str
    colour: str


class WidgetSettings(ResponseModel, frozen=True, kw_only=True):
    """The organization's settings for the widget."""

    theme: str = "auto"
    position: str = "bottom-right"
    recent: bool = False
    """True if ``/widget/recent`` returns a verified person's own recent calls."""
    outcomes: tuple[WidgetOutcome, ...] | msgspec.UnsetType = msgspec.UNSET
    """The outcomes that the phone asks for after a call; left out where the organization has none."""


@lru_cache(maxsize=256)
def _settings(outcomes: str, *, recent: bool) -> WidgetSettings:
    """``outcomes`` is the organization's list as JSON."""
    return WidgetSettings(
        recent=recent, outcomes=msgspec.json.decode(outcomes, type=tuple[WidgetOutcome, ...]) or msgspec.UNSET
    )


class ShownNumber(ResponseModel, frozen=True, kw_only=True):
    """A number that calls may show."""

    number: str
    """E.164."""
    name: str
    """The organization's own name for it; empty where it has none."""


class WidgetSession(ResponseModel, frozen=True, kw_only=True):
    """The answer to an embed token."""

    access_token: str
    token_type: str = "twilio"  # noqa: S105 - the kind of token, not one
    expires_in: int
    """Seconds."""
    expires_at: str
    """RFC 3339, UTC."""
    identity: str
    caller_id: str
    """E.164 number that calls show by default: the first one of ``from_numbers``."""
    from_numbers: list[ShownNumber]
    """The numbers that the widget's calls may show."""
    country: str
    calling_code: str
    trunk_prefix: str
    international_prefix: str
    organization: str
    ticket: str
    signaling: str | None
    """``host:port`` of the sandbox's signalling; None means the carrier's public one."""
    edges: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET
    """The carrier's edges, in the order in which the widget tries them; left out if no edges are configured."""
    settings: WidgetSettings = WidgetSettings()


class ExchangeHandler:
    """Issues a widget session to an authenticated widget."""

    def __init__(
        self,
        signer: AccessTokenSigner,
        tickets: Tickets,
        uses: EmbedTokenUseWriter,
        *,
        signaling: str | None,
        edges: tuple[str, ...] = (),
    ) -> None:
        self._signer = signer
        self._tickets = tickets
        self._uses = uses
        self._signaling = signaling
        self._edges = edges or msgspec.UNSET

    async def __call__(self, widget: AuthenticatedWidget, _: WidgetRequest) -> bytes:
        now = widget.authenticated_at
        issued_at = int(now.timestamp())
        expires_at = issued_at + self._signer.ttl
        identity = identity_of(widget.token_id, widget.ticket.client_id)
        dialing = dialing_of(widget.country)
        self._uses.record_use(widget.token_id, widget.last_used_at, now, widget.origin)
        return _encode(
            WidgetSession(
                access_token=self._signer.sign(identity, issued_at),
                expires_in=self._signer.ttl,
                expires_at=_rfc3339(expires_at),
                identity=identity,
                caller_id=widget.from_numbers[0].number,
                from_numbers=[
                    ShownNumber(number=from_number.number, name=from_number.name) for from_number in widget.from_numbers
                ],
                country=dialing.country,
                calling_code=dialing.calling_code,
                trunk_prefix=dialing.trunk_prefix,
                international_prefix=dialing.international_prefix,
                organization=widget.organization_name,
                ticket=self._tickets.issue(widget.token_id, widget.ticket, expires_at),
                signaling=self._signaling,
                edges=self._edges,
                settings=_settings(widget.call_outcomes, recent=widget.shows_recent_calls),
            )
        )


@lru_cache(maxsize=8)
def _rfc3339(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
