"""Parses entered calling rules: countries, limits, blocked numbers, limits of a token. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from calls.limits.destinations import parse_blockable_number
from kit.countries import countries
from kit.errors import DomainError, ValidationFailed

_MAX_TOKEN_MINUTES_PER_DAY = 1440
_MAX_TOKEN_LIVE_CALLS = 1000


class TokenCallLimits(msgspec.Struct, frozen=True):
    """The limits of one token within its organization's rules; None where the token has none of its own."""

    token_id: UUID
    minutes_per_day: int | None = None
    live_calls: int | None = None
    countries: Sequence[str] | None = None

    @property
    def is_empty(self) -> bool:
        return self.minutes_per_day is None and self.live_calls is None and self.countries is None


def parse_countries(given: Sequence[str], field: str = "countries") -> list[str]:
    """Sorted country codes, from codes or English names. Raises: ValidationFailed, with every invalid one."""
    by_name = {name.casefold(): code for code, name in countries().items()}
    found, errors = set(), []
    for typed in given:
        text = typed.strip()
        code = text.upper() if text.upper() in countries() else by_name.get(text.casefold())
        if code is None:
            errors.append((field, f"There is no country called {text[:64]}" if text else "Name a country"))
        else:
            found.add(code)
    if errors:
        raise ValidationFailed(errors)
    return sorted(found)


def parse_limits(given: Mapping[str, Any]) -> dict[str, int]:
    """The limits of a request by name, each a whole number. Raises: ValidationFailed, with every invalid one."""
    limits, errors = {}, []
    for name, value in given.items():
        try:
            limits[name] = msgspec.convert(value, int)
        except msgspec.ValidationError:
            errors.append(("limits", f"{name[:64]} must be a whole number"))
    if errors:
        raise ValidationFailed(errors)
    return limits


def parse_blocked_number(typed: str, country: str) -> str:
    """A number for the block list, E.164. Raises: ValidationFailed."""
    if not typed.strip():
        raise ValidationFailed([("blocked_numbers", "Enter a phone number")])
    try:
        return parse_blockable_number(typed, country)
    except DomainError as refusal:
        raise ValidationFailed([("blocked_numbers", f"{refusal.message}: {typed[:32]}")]) from refusal


def parse_token_limits(limits: TokenCallLimits) -> TokenCallLimits:
    """A token's limits in their stored form. Raises: ValidationFailed."""
    for name, value, maximum in (
        ("Minutes per day", limits.minutes_per_day, _MAX_TOKEN_MINUTES_PER_DAY),
        ("Calls at once", limits.live_calls, _MAX_TOKEN_LIVE_CALLS),
    ):
        if value is not None and not 0 <= value <= maximum:
            raise ValidationFailed([("tokens", f"{name} must be from 0 to {maximum}")])
    chosen = None if limits.countries is None else parse_countries(limits.countries, "tokens")
    return msgspec.structs.replace(limits, countries=chosen or None)
