"""The format check of a HubSpot token that a customer entered, which precedes the request to HubSpot."""

import pytest

from crm.token_check import MAX_TOKEN_CHARACTERS, ensure_token_form
from kit.errors import ValidationFailed


@pytest.mark.parametrize(
    ("token", "advice"),
    [
        ("", "Paste the token"),
        ("pat eu1", "no spaces"),
        ("pat-eu1-é", "no spaces, line breaks or accented letters"),
        ("p" * (MAX_TOKEN_CHARACTERS + 1), f"at most {MAX_TOKEN_CHARACTERS} characters"),
    ],
    ids=["empty", "with a space", "with an accent", "long"],
)
def test_each_wrong_form_has_its_advice(token: str, advice: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        ensure_token_form(token)
    assert advice in refused.value.errors[0][1]


def test_a_token_is_asked_about() -> None:
    ensure_token_form("pat-eu1-0a1b")
