"""Rows and parsers of the forms for an organization's limits and the limits of one token."""

from collections.abc import Mapping
from uuid import UUID

import msgspec

from calls.limits import limit_names as names
from calls.limits.effective_limits import EffectiveLimits
from calls.limits.limit_names import DEFAULT_LIMITS, FIXED_LIMITS, MONEY_LIMITS
from calls.limits.rule_input import TokenCallLimits, parse_countries
from kit.errors import ValidationFailed
from kit.http.forms import Form
from kit.money import cents_for_field, format_cents, parse_cents
from kit.parsing import parse_whole_number

LIMIT_LABELS: Mapping[str, str] = {
    names.MINUTES_PER_DAY: "Minutes a day",
    names.MINUTES_PER_MONTH: "Minutes a month",
    names.CENTS_PER_DAY: "Spend a day",
    names.CENTS_PER_MONTH: "Spend a month",
    names.CENTS_PER_DAY_PER_TOKEN: "Spend a day with one token",
    names.CALLS_PER_DAY: "Calls a day",
    names.CALLS_PER_MINUTE: "Calls a minute",
    names.CALLS_PER_MINUTE_PER_TOKEN: "Calls a minute with one token",
    names.LIVE_CALLS: "Calls at once",
    names.LIVE_CALLS_PER_TOKEN: "Calls at once with one token",
    names.CALLS_TO_NUMBER_PER_HOUR: "Calls an hour to one number",
    names.FOREIGN_NUMBERS_PER_HOUR: "Different foreign numbers an hour",
}
SETTABLE_LIMITS = tuple(name for name in LIMIT_LABELS if name in DEFAULT_LIMITS and name not in FIXED_LIMITS)
_WHOLE_DIGITS = 9
_TOKEN_CEILINGS = {"minutes_per_day": 1440, "live_calls": 1000}


class LimitRow(msgspec.Struct, frozen=True):
    """One limit on the page."""

    name: str
    title: str
    is_money: bool
    limit: int
    """Effective limit; in cents where it is money."""
    ceiling: int
    used: int | None
    """Present use; None for limits that are not counted per organization."""
    typed: str
    """Value of the form field."""

    @property
    def is_near(self) -> bool:
        return self.used is not None and self.used * 100 >= self.limit * 80

    def shown(self, amount: int) -> str:
        """Format an amount of this limit for people."""
        return format_cents(amount) if self.is_money else f"{amount:,}"


def limit_row(name: str, limits: EffectiveLimits, used: int | None) -> LimitRow:
    """The row of the limit ``name``; ``used`` is None where use is not counted."""
    is_money, chosen = name in MONEY_LIMITS, limits.chosen[name]
    typed = cents_for_field(chosen) if is_money else str(chosen)
    return LimitRow(name, LIMIT_LABELS[name], is_money, limits[name], limits.ceilings[name], used, typed)


def parse_limits(form: Form, limits: EffectiveLimits) -> dict[str, int]:
    """Parse the form into stored limits. Raises: ValidationFailed."""
    chosen, wrong = {}, []
    for name in SETTABLE_LIMITS:
        value = _parse_cents(form[name]) if name in MONEY_LIMITS else _parse_whole_number(form[name])
        most = limit_row(name, limits, None)
        if value is None or value > most.ceiling:
            wrong.append((name, f"From 0 to {most.shown(most.ceiling)}"))
        else:
            chosen[name] = value
    if wrong:
        raise ValidationFailed(wrong)
    return chosen


def _parse_whole_number(typed: str) -> int | None:
    text = typed.strip().replace(",", "")
    try:
        return parse_whole_number(text, max_digits=_WHOLE_DIGITS)
    except ValueError:
        return None


def _parse_cents(typed: str) -> int | None:
    try:
        return parse_cents(typed)
    except ValueError:
        return None


def parse_token_limits(form: Form, token_id: UUID) -> TokenCallLimits:
    """Parse one token's rule. Raises: ValidationFailed, with every wrong field."""
    wrong: list[tuple[str, str]] = []
    chosen: dict[str, int | None] = {}
    countries = None
    for name, most in _TOKEN_CEILINGS.items():
        chosen[name] = value = _parse_whole_number(form[name])
        if form[name].strip() and (value is None or value > most):
            wrong.append((name, f"From 0 to {most:,}, or empty"))
    try:
        countries = parse_country_codes(form["countries"])
    except ValidationFailed as refusal:
        wrong += refusal.errors
    if wrong:
        raise ValidationFailed(wrong)
    return TokenCallLimits(token_id, chosen["minutes_per_day"], chosen["live_calls"], countries)


def parse_country_codes(typed: str) -> list[str] | None:
    """Parse countries separated by commas, by code or name; None for an empty field. Raises: ValidationFailed."""
    return parse_countries([part for part in typed.split(",") if part.strip()]) or None
