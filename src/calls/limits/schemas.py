"""Request and response bodies of the calling rules API, and the data of the event ``limit.reached``."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from calls.limits.limit_names import FIXED_LIMITS
from calls.limits.rule_input import TokenCallLimits
from calls.limits.services import CallingRulesView
from kit.schemas import RequestModel, ResourceId, ResponseModel, rfc3339
from widget.refusals import RefusalDetails

CountryCodes = Annotated[list[str], Meta(examples=[["CA", "US"]])]
"""ISO 3166, two letters each."""
BlockedNumbers = Annotated[list[str], Meta(examples=[["+12125550199"]])]
"""E.164."""
Limits = Annotated[dict[str, int], Meta(examples=[{"minutes_per_day": 300}])]
GivenLimits = Annotated[
    dict[str, Any],
    Meta(
        examples=[{"minutes_per_day": 300}],
        extra_json_schema={"extra": {"additional_properties": {"type": "integer"}}},
    ),
]
"""As ``Limits``; the values are checked later, because msgspec's errors do not name the key of a mapping."""
TokenMinutes = Annotated[int, Meta(examples=[60])]
"""Per day."""
TokenLiveCalls = Annotated[int, Meta(examples=[2])]
"""At once."""


class TokenLimitsInfo(ResponseModel, frozen=True, kw_only=True):
    """Limits of one embed token; null where it has none of its own."""

    token_id: ResourceId
    minutes_per_day: TokenMinutes | None
    live_calls: TokenLiveCalls | None
    countries: CountryCodes | None


class LimitReached(ResponseModel, frozen=True, kw_only=True):
    """The data of the event ``limit.reached``: a limit that refused a call."""

    limit: str
    """The limit's name, as in the calling rules."""
    value: int | None
    """In US cents where the name says so."""
    used: int | None
    """By calls that are over."""
    held: int | None
    """The most that calls under way may still use; null where they hold nothing."""
    scope: str
    """``organization`` or ``token``."""
    token_id: ResourceId | None
    """The token whose call was refused; null for an incoming call."""

    @classmethod
    def of(cls, details: RefusalDetails, token_id: UUID | None) -> "LimitReached":
        return cls(
            limit=details.limit or "",
            value=details.value,
            used=details.used,
            held=details.held,
            scope=details.scope or "organization",
            token_id=token_id,
        )


class CallingRulesInfo(ResponseModel, frozen=True, kw_only=True):
    """The countries and numbers that may be called, the limits, and their use so far."""

    countries: CountryCodes
    """ISO 3166 two-letter codes, the home country included."""
    blocked_numbers: BlockedNumbers
    callable_countries: CountryCodes
    """Those that can be called now: in its first days an organization calls in its home country only."""
    limits: Limits
    """By name; those named after cents are US cents. In the first days less may hold: ``limits_now``."""
    limits_now: Annotated[dict[str, int], Meta(examples=[{"minutes_per_day": 75, "live_calls_per_phone": 1}])]
    """The limits that hold now, also those that cannot be set."""
    ceilings: Annotated[dict[str, int], Meta(examples=[{"minutes_per_day": 600}])]
    """The highest value that the organization may set for each limit."""
    used: Annotated[dict[str, int], Meta(examples=[{"minutes_per_day": 42}])]
    """By the limit's name: within the minute, hour, day or month, or calls that are live now; of limits of a token, a
    phone or a called number that of the one that used most."""
    granted_until: Annotated[dict[str, str], Meta(examples=[{"minutes_per_day": "2026-12-31T00:00:00Z"}])]
    """The end of each limit that support set for some time."""
    new_until: Annotated[str | None, Meta(examples=[None])]
    """Until then only a quarter of the minutes, money and foreign numbers, and calls in the home country only."""
    tokens: list[TokenLimitsInfo]
    """Tokens that have limits of their own."""

    @classmethod
    def of(cls, rules: CallingRulesView) -> "CallingRulesInfo":
        return cls(
            countries=list(rules.countries),
            blocked_numbers=list(rules.blocked_numbers),
            callable_countries=sorted(rules.callable_countries),
            limits=_settable(rules.limits.chosen),
            limits_now=dict(rules.limits.values),
            ceilings=_settable(rules.limits.ceilings),
            used=dict(rules.used),
            granted_until={
                name: ends_at.strftime("%Y-%m-%dT%H:%M:%SZ") for name, ends_at in rules.granted_until.items()
            },
            new_until=rfc3339(rules.limits.new_until),
            tokens=[
                TokenLimitsInfo(
                    token_id=rule.token_id,
                    minutes_per_day=rule.minutes_per_day,
                    live_calls=rule.live_calls,
                    countries=None if rule.countries is None else list(rule.countries),
                )
                for rule in rules.tokens
            ],
        )


def _settable(limits: Mapping[str, int]) -> dict[str, int]:
    return {name: value for name, value in limits.items() if name not in FIXED_LIMITS}


class ChangeTokenLimits(RequestModel, frozen=True, kw_only=True):
    """Limits of one embed token; without a value the token has none of its own."""

    token_id: ResourceId
    minutes_per_day: TokenMinutes | None = None
    live_calls: TokenLiveCalls | None = None
    countries: CountryCodes | None = None

    def to_limits(self) -> TokenCallLimits:
        return TokenCallLimits(self.token_id, self.minutes_per_day, self.live_calls, self.countries)


class ChangeCallingRules(RequestModel, frozen=True, kw_only=True):
    """The rules to change; each is replaced as a whole, what is left out stays."""

    countries: CountryCodes | UnsetType = UNSET
    """ISO 3166 two-letter codes; the home country can always be called."""
    blocked_numbers: BlockedNumbers | UnsetType = UNSET
    limits: GivenLimits | UnsetType = UNSET
    """Those that are left out have their defaults."""
    tokens: list[ChangeTokenLimits] | UnsetType = UNSET
