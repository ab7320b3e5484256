"""Text that PostgreSQL can store."""

import pytest

from kit.text import is_valid_text


@pytest.mark.parametrize("text", ["", "Main Website", "a\tb\r\nc", "münchen", "📞 𝒳", "<b>&amp;</b>", "\u202eabc"])
def test_ordinary_text_of_any_script_is_storable(text: str) -> None:
    assert is_valid_text(text)


@pytest.mark.parametrize("code", [*range(9), 11, 12, *range(14, 32), *range(0x7F, 0xA0), 0xD800, 0xDFFF])
def test_controls_and_half_characters_are_not(code: int) -> None:
    assert not is_valid_text(f"a{chr(code)}b")
