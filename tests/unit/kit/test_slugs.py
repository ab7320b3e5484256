"""Slugs for URLs, made from any text: ASCII words between hyphens."""

import pytest

from kit.slugs import slugify


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("Ada\u2019s Homes", "adas-homes"),
        ("O'Neill & Sons", "oneill-sons"),
        ("M\u00fcller GmbH", "muller-gmbh"),
        ("\u0416\u0443\u043a", "zhuk"),
        ("  --  ", ""),
    ],
)
def test_a_slug_is_ascii_words_between_hyphens(text: str, slug: str) -> None:
    assert slugify(text) == slug


def test_a_long_slug_ends_at_a_word() -> None:
    assert slugify("one two three", max_characters=9) == "one-two"
    assert slugify("elephant", max_characters=4) == "elep"
