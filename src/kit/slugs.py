"""Slugs for URLs and file names: text of any script as ASCII words between hyphens. Pure."""

import re

from anyascii import anyascii

_APOSTROPHES = str.maketrans("", "", "'\u2019\u02bc")
_NOT_IN_SLUGS = re.compile(r"[^a-z0-9]+")


def slugify(text: str, *, max_characters: int | None = None) -> str:
    """``text`` transliterated, in lower case, with hyphens for everything else; empty when nothing is left.

    Apostrophes are left out, because they are inside words. A longer slug ends at its last whole word within
    ``max_characters``; a longer first word is cut.
    """
    slug = _NOT_IN_SLUGS.sub("-", anyascii(text.translate(_APOSTROPHES)).lower()).strip("-")
    if max_characters is None or len(slug) <= max_characters:
        return slug
    words = slug[: max_characters + 1].rpartition("-")[0]
    return words or slug[:max_characters]
