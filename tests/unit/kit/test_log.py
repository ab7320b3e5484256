"""Log lines contain no secrets and no whole phone numbers."""

import io

import pytest
import structlog

from kit import secrets
from kit.log import redact

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJTSzEifQ.c2lnbmF0dXJl_-x"


@pytest.mark.parametrize("prefix", ["ept_", "epk_"])
def test_tokens_and_keys_leave_only_their_kind(prefix: str) -> None:
    raw = secrets.mint(prefix).raw
    assert redact(f'<script data-token="{raw}"></script>') == f'<script data-token="{prefix}…"></script>'


def test_access_tokens_are_cut() -> None:
    assert redact(f"token={JWT}!") == "token=eyJ…!"


@pytest.mark.parametrize(
    ("text", "logged"),
    [
        ("+14155550100", "+…0100"),
        ("from +14155550100 to +442079460958.", "from +…0100 to +…0958."),
        ("5+3 is 8", "5+3 is 8"),
        ("id 14155550100", "id 14155550100"),
    ],
)
def test_numbers_keep_their_last_four_digits(text: str, logged: str) -> None:
    assert redact(text) == logged


@pytest.mark.parametrize("path", ["/verify-email/", "/reset-password/", "/invitations/", "/admin/join/"])
def test_paths_of_links_lose_their_token(path: str) -> None:
    assert redact(f"https://voice.example.com{path}{secrets.mint('').raw} is gone") == (
        f"https://voice.example.com{path}… is gone"
    )


def test_a_logged_event_and_its_exception_are_redacted(log_lines: io.StringIO) -> None:
    raw = secrets.mint("ept_").raw
    try:
        raise ValueError(f"no such token {raw} for +14155550100")
    except ValueError as error:
        structlog.get_logger("test").error("failed", token=raw, to="+14155550100", exc_info=error)
    written = log_lines.getvalue()
    assert "ValueError: no such token ept_\\u2026 for +\\u20260100" in written
    assert raw not in written
    assert "4155550100" not in written
