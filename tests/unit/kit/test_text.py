"""Checks of text from people: characters that PostgreSQL cannot store, and links in names."""

import pytest

from kit.text import contains_link, is_valid_text


@pytest.mark.parametrize("text", ["", "Main Website", "a\tb\r\nc", "münchen", "📞 𝒳", "<b>&amp;</b>", "\u202eabc"])
def test_ordinary_text_of_any_script_is_storable(text: str) -> None:
    assert is_valid_text(text)


@pytest.mark.parametrize("code", [*range(9), 11, 12, *range(14, 32), *range(0x7F, 0xA0), 0xD800, 0xDFFF])
def test_controls_and_half_characters_are_not(code: int) -> None:
    assert not is_valid_text(f"a{chr(code)}b")


@pytest.mark.parametrize("name", ["see http://x", "HTTPS:/x", "www.x", "x.com/a", f"{'a' * 60}://x"])
def test_a_web_address_is_found_in_a_name(name: str) -> None:
    assert contains_link(name)


@pytest.mark.parametrize(
    "name",
    ["Acme", "Booking.com", "9 to 5: always", "a" * 1_000_000, "a." * 500_000],
    ids=["word", "host", "colon", "long word", "long list"],
)
def test_names_of_any_length_without_one_are_read(name: str) -> None:
    """The last two took hours when the time grew with the square of the length."""
    assert not contains_link(name)
