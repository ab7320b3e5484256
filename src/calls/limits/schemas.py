"""Wire types of calling rules."""

from collections.abc import Mapping
from uuid import UUID

from msgspec import UNSET, UnsetType

from calls.limits.limit_names import FIXED_LIMITS
from calls.limits.rule_input import TokenCallLimits
from calls.limits.services import CallingRulesView
from kit.schemas import RequestModel, ResponseModel, rfc3339


class TokenLimitsInfo(ResponseModel, frozen=True, kw_only=True):
    """Limits of one embed token; null where it has none of its own."""

    token_id: UUID
    minutes_per_day: int | None
    live_calls: int | None
    """At once."""
    countries: list[str] | None


class CallingRulesInfo(ResponseModel, frozen=True, kw_only=True):
    """Which countries and numbers may be called, the limits, and what was used of them."""

    countries: list[str]
    """ISO 3166 two-letter codes, the home country included."""
    blocked_numbers: list[str]
    """E.164."""
    limits: dict[str, int]
    """By name; those named after cents are US cents."""
    ceilings: dict[str, int]
    """How high the organization may set each limit."""
    used: dict[str, int]
    """By the limit's name: within the minute, day or month, or calls that are live now."""
    new_until: str | None
    """Until then a quarter of the limits holds, and calls at home only."""
    tokens: list[TokenLimitsInfo]
    """Tokens that have limits of their own."""

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
    """Limits of one embed token; without a value the token has none of its own."""

    token_id: UUID
    minutes_per_day: int | None = None
    live_calls: int | None = None
    countries: list[str] | None = None

    def to_limits(self) -> TokenCallLimits:
        return TokenCallLimits(self.token_id, self.minutes_per_day, self.live_calls, self.countries)


class ChangeCallingRules(RequestModel, frozen=True, kw_only=True):
    """The rules to change; each is replaced as a whole, what is left out stays."""

    countries: list[str] | UnsetType = UNSET
    """ISO 3166 two-letter codes; the home country can always be called."""
    blocked_numbers: list[str] | UnsetType = UNSET
    limits: dict[str, int] | UnsetType = UNSET
    """Those that are left out have their defaults."""
    tokens: list[ChangeTokenLimits] | UnsetType = UNSET
