"""Finds environment variables that look like settings but have no effect, such as mistyped names."""

import difflib
from collections.abc import Mapping, Sequence

from kit.settings import setting_names

_PREFIX, _CARRIER_PREFIX = "EPOCH_", "TWILIO_"
OTHER_NAMES = frozenset({"EPOCH_HOST_NAME", "EPOCH_HUBSPOT_TOKEN", "EPOCH_IMAGE", "EPOCH_WEBHOOK_SECRET"})
"""Variables of deploy/, tools/ and packages/, which may be set in the same environment."""
_MIN_SIMILARITY = 0.65
"""Of two names without prefix, by difflib: DB_URL is similar to DATABASE_URL, LOG_LEVEL to no setting."""
_SHOWN_CHARACTERS = 80


def describe_unknown_settings(environ: Mapping[str, str]) -> list[str]:
    """A sentence about each variable that has no effect; never its value.

    Variables of the carrier's own tools and libraries have the same prefix as the carrier's settings. So a name with
    that prefix is reported only if it is similar to a setting that is not set.
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
            warnings.append(f"{_quoted(name)} is no setting of this version and has no effect{advice}")
    return warnings


def _nearest(name: str, prefix: str, candidates: Sequence[str]) -> str | None:
    rest = {other.removeprefix(prefix): other for other in candidates if other.startswith(prefix)}
    found = difflib.get_close_matches(name[len(prefix) :].upper().strip(), rest, n=1, cutoff=_MIN_SIMILARITY)
    return rest[found[0]] if found else None


def _quoted(name: str) -> str:
    """``name``, in quotes if it contains characters that may be invisible, such as a blank."""
    return (name if name.isidentifier() else ascii(name))[:_SHOWN_CHARACTERS]
