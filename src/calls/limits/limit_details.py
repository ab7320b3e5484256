"""Describes a limit that refuses or shortens a call: value, usage at that time, and who can change it. Pure."""

from calls.limits import limit_names
from calls.limits.effective_limits import EffectiveLimits
from calls.limits.prices import MICROS_PER_CENT
from kit.rounding import divide_up
from kit.schemas import rfc3339
from widget.refusals import FixedBy, RefusalDetails

_SCOPES = {
    limit_names.LIVE_CALLS_PER_TOKEN: "token",
    limit_names.CALLS_PER_MINUTE_PER_TOKEN: "token",
    limit_names.CENTS_PER_DAY_PER_TOKEN: "token",
    limit_names.LIVE_CALLS_PER_CLIENT: "phone",
    limit_names.CALLS_PER_MINUTE_PER_CLIENT: "phone",
    limit_names.CALLS_TO_NUMBER_PER_HOUR: "number",
    limit_names.CALLS_OF_CALLER_PER_HOUR: "number",
}


def limit_details(
    limits: EffectiveLimits,
    name: str,
    used: int,
    *,
    held: int = 0,
    own_token_limit: int | None = None,
    is_micros: bool = False,
) -> RefusalDetails:
    """The limit ``name``, of which ``used`` is used and ``held`` reserved; ``is_micros``: in millionths of a US dollar.

    ``own_token_limit`` is the limit of this name that an admin set for the token, if any.
    """
    if is_micros:
        used, held = used // MICROS_PER_CENT, divide_up(held, MICROS_PER_CENT)
    if own_token_limit is not None and (_SCOPES.get(name) != "token" or own_token_limit < limits[name]):
        return RefusalDetails(
            limit=name, value=own_token_limit, used=used, held=held or None, scope="token", who=FixedBy.ADMIN
        )
    value, chosen = limits[name], limits.chosen[name]
    is_lowered = limits.new_until is not None and value < chosen
    is_settable = name not in limit_names.FIXED_LIMITS and chosen < limits.ceilings[name]
    return RefusalDetails(
        limit=name,
        value=value,
        used=used,
        held=held or None,
        until=rfc3339(limits.new_until) if is_lowered else None,
        scope=_SCOPES.get(name, "organization"),
        who=FixedBy.ADMIN if is_settable else FixedBy.SUPPORT,
    )
