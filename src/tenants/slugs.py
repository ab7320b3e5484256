"""Makes the slug of an organization (its name in URLs) from its name. Pure, except for the random suffix."""

import secrets
from collections.abc import Iterator

from kit.slugs import slugify

MAX_SLUG_CHARACTERS = 40
"""Without the random suffix."""
RANDOM_SLUG_ATTEMPTS = 5
RESERVED_SLUGS = frozenset({"new"})
"""Slugs that are paths of the dashboard."""
_FALLBACK_SLUG = "team"
_SUFFIX_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
_SUFFIX_CHARACTERS = 4


def slug_candidates(name: str) -> Iterator[str]:
    """Slugs for ``name``, best first: the name in ASCII, then the same with a random suffix.

    A counter would tell how many other organizations have the name.
    """
    plain = slugify(name, max_characters=MAX_SLUG_CHARACTERS)
    if plain and plain not in RESERVED_SLUGS:
        yield plain
    suffixes: set[str] = set()
    while len(suffixes) < RANDOM_SLUG_ATTEMPTS:
        suffixes.add("".join(secrets.choice(_SUFFIX_ALPHABET) for _ in range(_SUFFIX_CHARACTERS)))
    for suffix in suffixes:
        yield f"{plain or _FALLBACK_SLUG}-{suffix}"
