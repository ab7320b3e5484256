"""An organization's address, made once from its name. Pure but for the random tail."""

import secrets
from collections.abc import Iterator

from slugify import slugify

MAX_SLUG_CHARACTERS = 40
"""Of the part that the name gives."""
RANDOM_SLUG_ATTEMPTS = 5
RESERVED_SLUGS = frozenset({"new"})
"""Pages of ours stand at these addresses."""
_FALLBACK_SLUG = "team"
_SUFFIX_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
_SUFFIX_CHARACTERS = 4


def slug_candidates(name: str) -> Iterator[str]:
    """Slugs for ``name``, best first: the name in ASCII, then the same with a random tail.

    Random and not counted: who gets ``acme-7`` would know of six others.
    """
    plain = slugify(name, max_length=MAX_SLUG_CHARACTERS, word_boundary=True)
    if plain and plain not in RESERVED_SLUGS:
        yield plain
    for _ in range(RANDOM_SLUG_ATTEMPTS):
        tail = "".join(secrets.choice(_SUFFIX_ALPHABET) for _ in range(_SUFFIX_CHARACTERS))
        yield f"{plain or _FALLBACK_SLUG}-{tail}"
