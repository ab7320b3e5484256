"""Rows and parsers of the forms for an organization's limits and the limits of one token."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from calls.limits.effective_limits import EffectiveLimits
from calls.limits.limit_names import FIXED_LIMITS, MINUTES_PER_DAY, MINUTES_PER_MONTH, MONEY_LIMITS
from calls.limits.limit_sentences import ways_to_raise as ways_to_raise_limit
from calls.limits.limit_table import LIMIT_TABLE, format_amount, format_day
from calls.limits.rule_input import TokenCallLimits, parse_countries
from calls.limits.services import CallingRulesView
from kit.errors import ValidationFailed
from kit.http.forms import Form
from kit.money import cents_for_field, parse_cents
from kit.parsing import parse_whole_number

SETTABLE_LIMITS = tuple(name for name in LIMIT_TABLE if name not in FIXED_LIMITS)
_MAX_DIGITS = 9
_TOKEN_CEILINGS = {"minutes_per_day": 1440, "live_calls": 1000}


class LimitRow(msgspec.Struct, frozen=True):
    """One limit on the page."""

    name: str
    title: str
    reason: str
    """The reason for the default."""
    use: str
    """Present use of the limit in effect: ``34 of 120 in this minute``."""
    used: int
    limit: int
    """The limit in effect; in cents where it is money."""
    ceiling: str
    """The highest value that may be set."""
    field_value: str | None
    """None for a limit that cannot be set."""
    is_money: bool
    ways_to_raise: Sequence[str]
    """Sentences that say how to get a higher limit."""

    @property
    def is_nearly_used(self) -> bool:
        return self.used * 100 >= self.limit * 80 and self.is_counted

    @property
    def is_counted(self) -> bool:
        """False for a fixed limit of 1, such as calls at once from one phone: each use reaches it."""
        return self.limit > 1 or self.field_value is not None


def limit_rows(rules: CallingRulesView, *, may_change: bool) -> list[LimitRow]:
    """The rows of all limits, in the order of the table."""
    return [_limit_row(name, rules, may_change=may_change) for name in LIMIT_TABLE]


def _limit_row(name: str, rules: CallingRulesView, *, may_change: bool) -> LimitRow:
    info, limits, used = LIMIT_TABLE[name], rules.limits, rules.used[name]
    is_money, chosen = name in MONEY_LIMITS, limits.chosen[name]
    field_value = cents_for_field(chosen) if is_money else str(chosen)
    ways_to_raise = ways_to_raise_limit(name, limits, rules.plan, rules.zone, may_change=may_change)
    if name in rules.granted_until:
        ways_to_raise = [f"Set by support until {format_day(rules.granted_until[name], rules.zone)}.", *ways_to_raise]
    return LimitRow(
        name=name,
        title=info.label,
        reason=info.reason,
        use=f"{format_amount(name, used)} of {format_amount(name, limits[name])} {info.window}",
        used=used,
        limit=limits[name],
        ceiling=format_amount(name, limits.ceilings[name]),
        field_value=None if name in FIXED_LIMITS else field_value,
        is_money=is_money,
        ways_to_raise=ways_to_raise,
    )


def parse_limits(form: Form, limits: EffectiveLimits) -> dict[str, int]:
    """Parse the form into stored limits. Raises: ValidationFailed."""
    chosen, errors = {}, []
    for name in SETTABLE_LIMITS:
        value = _parse_cents(form[name]) if name in MONEY_LIMITS else _parse_whole_number(form[name])
        if value is None or value > limits.ceilings[name]:
            errors.append((name, f"Enter {_unit(name)}, from 0 to {format_amount(name, limits.ceilings[name])}"))
        else:
            chosen[name] = value
    if errors:
        raise ValidationFailed(errors)
    return chosen


def _unit(name: str) -> str:
    if name in MONEY_LIMITS:
        return "an amount in US dollars"
    return "minutes" if name in (MINUTES_PER_DAY, MINUTES_PER_MONTH) else "a whole number"


def _parse_whole_number(typed: str) -> int | None:
    text = typed.strip().replace(",", "")
    try:
        return parse_whole_number(text, max_digits=_MAX_DIGITS)
    except ValueError:
        return None


def _parse_cents(typed: str) -> int | None:
    try:
        return parse_cents(typed)
    except ValueError:
        return None


def parse_token_limits(form: Form, token_id: UUID) -> TokenCallLimits:
    """Parse the limits of one token. Raises: ValidationFailed, with every wrong field."""
    errors: list[tuple[str, str]] = []
    chosen: dict[str, int | None] = {}
    countries = None
    for name, ceiling in _TOKEN_CEILINGS.items():
        chosen[name] = value = _parse_whole_number(form[name])
        if form[name].strip() and (value is None or value > ceiling):
            errors.append((name, f"From 0 to {ceiling:,}, or empty"))
    try:
        countries = parse_country_codes(form["countries"])
    except ValidationFailed as refusal:
        errors += refusal.errors
    if errors:
        raise ValidationFailed(errors)
    return TokenCallLimits(token_id, chosen["minutes_per_day"], chosen["live_calls"], countries)


def parse_country_codes(typed: str) -> list[str] | None:
    """Parse countries separated by commas, by code or name; None for an empty field. Raises: ValidationFailed."""
    return parse_countries([part for part in typed.split(",") if part.strip()]) or None
