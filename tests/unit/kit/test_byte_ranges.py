"""Responses to HTTP requests for a range of bytes of a file in memory."""

import pytest

from kit.http.byte_ranges import ranged_response

CONTENT = bytes(range(10))


@pytest.mark.parametrize(
    ("asked", "status", "content", "told"),
    [
        (None, 200, CONTENT, None),
        ("bytes=0-", 206, CONTENT, "bytes 0-9/10"),
        ("bytes=2-4", 206, CONTENT[2:5], "bytes 2-4/10"),
        ("bytes=8-99", 206, CONTENT[8:], "bytes 8-9/10"),
        ("bytes=-3", 206, CONTENT[7:], "bytes 7-9/10"),
        ("bytes=-99", 206, CONTENT, "bytes 0-9/10"),
        ("bytes=10-", 416, b"", "bytes */10"),
        ("bytes=-0", 416, b"", "bytes */10"),
        ("bytes=5-2", 416, b"", "bytes */10"),
        ("bytes=0-1,3-4", 200, CONTENT, None),
        ("bytes=-", 200, CONTENT, None),
        ("lines=1-2", 200, CONTENT, None),
    ],
)
def test_a_range_is_answered_as_the_standard_says(
    asked: str | None, status: int, content: bytes, told: str | None
) -> None:
    answer = ranged_response(CONTENT, "audio/wav", asked)
    assert (answer.status_code, answer.content) == (status, content)
    assert answer.headers.get("Content-Range") == told
    assert answer.headers["Accept-Ranges"] == "bytes"
