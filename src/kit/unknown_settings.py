"""Finds environment variables that look like settings and are none, such as a mistyped name."""

import difflib
from collections.abc import Mapping, Sequence

from kit.settings import setting_names

_PREFIX, _CARRIER_PREFIX = "EPOCH_", "TWILIO_"
OTHER_NAMES = frozenset({"EPOCH_HOST_NAME", "EPOCH_HUBSPOT_TOKEN", "EPOCH_IMAGE", "EPOCH_WEBHOOK_SECRET"})
"""Variables of deploy/, tools/ and packages/, which may stand in the same environment."""
_LEAST_LIKENESS = 0.65
"""Of two names without their prefix, as difflib measures it: DB_URL is like DATABASE_URL, LOG_LEVEL like nothing."""
_SHOWN_CHARACTERS = 80


def describe_unknown_settings(environ: Mapping[str, str]) -> list[str]:
    """A sentence about each variable that has no effect; never its value.

    Variables of the carrier's own tools and libraries begin as the carrier's settings do. So of those only names are
    reported that are close to a setting which is not set.
    """
    known = setting_names()
    warnings = []
    for name in sorted(environ):
        if name in known | OTHER_NAMES:
            continue
        prefix = next((prefix for prefix in (_PREFIX, _CARRIER_PREFIX) if name.upper().startswith(prefix)), None)
        if prefix is None:
            continue
        nearest = _nearest(name, prefix, sorted(known))
        if prefix == _PREFIX or (nearest is not None and not environ.get(nearest, "").strip()):
            advice = "" if nearest is None else f"; did you mean {nearest}?"
            warnings.append(f"{_shown(name)} is no setting of this version and has no effect{advice}")
    return warnings


def _nearest(name: str, prefix: str, candidates: Sequence[str]) -> str | None:
    rest = {other.removeprefix(prefix): other for other in candidates if other.startswith(prefix)}
    found = difflib.get_close_matches(name[len(prefix) :].upper().strip(), rest, n=1, cutoff=_LEAST_LIKENESS)
    return rest[found[0]] if found else None


def _shown(name: str) -> str:
    """``name`` as it is, or quoted when a blank or a control character would not be seen."""
    return (name if name.isidentifier() else ascii(name))[:_SHOWN_CHARACTERS]
