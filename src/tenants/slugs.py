"""An organization's address, made once from its name. Pure but for the random tail."""

import secrets
from collections.abc import Iterator

from slugify import slugify

SLUG_CHARACTERS = 40
"""Of the part that the name gives."""
ATTEMPTS = 5
RESERVED = frozenset({"new"})
"""Pages of ours stand at these addresses."""
_FALLBACK = "team"
_TAIL_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
_TAIL_CHARACTERS = 4


def candidates(name: str) -> Iterator[str]:
    """Slugs for ``name``, best first: the name in ASCII, then the same with a random tail.

    Random and not counted: who gets ``acme-7`` would know of six others.
    """
    plain = slugify(name, max_length=SLUG_CHARACTERS, word_boundary=True)
    if plain and plain not in RESERVED:
        yield plain
    for _ in range(ATTEMPTS):
        tail = "".join(secrets.choice(_TAIL_ALPHABET) for _ in range(_TAIL_CHARACTERS))
        yield f"{plain or _FALLBACK}-{tail}"
