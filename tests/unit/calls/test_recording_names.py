"""Names of greeting recordings: an unused name for a new recording, and names that several recordings share."""

import pytest

from calls.greetings.models import MAX_NAME_CHARACTERS
from calls.greetings.names import free_name, repeated_names


@pytest.mark.parametrize(
    ("name", "taken", "free"),
    [
        ("Christmas", ["Easter"], "Christmas"),
        ("Christmas", ["christmas"], "Christmas 2"),
        ("Christmas", ["Christmas", "Christmas 2", "Christmas 4"], "Christmas 3"),
        ("x" * MAX_NAME_CHARACTERS, ["x" * MAX_NAME_CHARACTERS], f"{'x' * (MAX_NAME_CHARACTERS - 2)} 2"),
    ],
)
def test_a_name_that_is_taken_gets_a_number(name: str, taken: list[str], free: str) -> None:
    assert free_name(name, taken) == free


def test_names_are_repeated_in_any_spelling() -> None:
    assert repeated_names(["Old", "old", "New"]) == {"Old", "old"}
