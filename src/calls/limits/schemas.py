"""Wire types about calling rules."""

from collections.abc import Mapping
from uuid import UUID

from msgspec import UNSET, UnsetType

from calls.limits.limit_names import FIXED_LIMITS
from calls.limits.services import CallingRulesView, TokenCallLimits
from kit.schemas import RequestModel, ResponseModel, rfc3339


class TokenLimitsInfo(ResponseModel, frozen=True, kw_only=True):
    """What one embed token is narrowed to; null where the organization's rules suffice."""

    token_id: UUID
    minutes_per_day: int | None
    live_calls: int | None
    """At once."""
    countries: list[str] | None


class CallingRulesInfo(ResponseModel, frozen=True, kw_only=True):
    """What the organization's phones may call, how much, and what they used."""

    countries: list[str]
    """ISO 3166 two-letter codes, the home country included."""
    blocked_numbers: list[str]
    """E.164."""
    limits: dict[str, int]
    """By name; those named after cents are US cents."""
    ceilings: dict[str, int]
    """How high the organization may set each limit."""
    used: dict[str, int]
    """Of the limits of a day, a month or a minute, and calls that are live now."""
    new_until: str | None
    """Until then a quarter of the limits holds, and calls at home only."""
    tokens: list[TokenLimitsInfo]
    """Those that are narrowed further."""

    @classmethod
    def of(cls, rules: CallingRulesView) -> "CallingRulesInfo":
        return cls(
            countries=list(rules.countries),
            blocked_numbers=list(rules.blocked_numbers),
            limits=_settable(rules.limits.chosen),
            ceilings=_settable(rules.limits.ceilings),
            used=dict(rules.used),
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
    """Limits of one embed token's own; what is left out is not narrowed."""

    token_id: UUID
    minutes_per_day: int | None = None
    live_calls: int | None = None
    countries: list[str] | None = None

    def to_limits(self) -> TokenCallLimits:
        return TokenCallLimits(self.token_id, self.minutes_per_day, self.live_calls, self.countries)


class ChangeCallingRules(RequestModel, frozen=True, kw_only=True):
    """What may be changed about calling; each is given as a whole, what is left out stays."""

    countries: list[str] | UnsetType = UNSET
    """ISO 3166 two-letter codes; the home country can always be called."""
    blocked_numbers: list[str] | UnsetType = UNSET
    limits: dict[str, int] | UnsetType = UNSET
    """Those that are left out have their defaults."""
    tokens: list[ChangeTokenLimits] | UnsetType = UNSET
