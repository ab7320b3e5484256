"""Ids of HTTP requests: accepted from a proxy in two formats only, and in the log lines of their request."""

import io

import pytest
import structlog

from kit.http.request_ids import begin_request

DIGITS = "0123456789abcdef" * 2
UUID = "01234567-89ab-cdef-0123-456789abcdef"


def begin(*values: bytes) -> str:
    return begin_request({"headers": [(b"host", b"x"), *((b"x-request-id", value) for value in values)]}).decode()


@pytest.mark.parametrize("given", [DIGITS, UUID, UUID.upper()])
def test_an_id_of_a_proxy_is_kept(given: str) -> None:
    assert begin(given.encode()) == given.lower()


@pytest.mark.parametrize(
    "given",
    [
        b"",
        b"+14155550100",
        b"14155550100",
        b"ept_0123456789abcdef0123456789abcdef",
        DIGITS.encode() + b"0",
        DIGITS[:-1].encode(),
        DIGITS.encode() + b"\n",
        b"{" + UUID.encode() + b"}",
        b"\xff" * 32,
        b"g" * 32,
    ],
)
def test_anything_else_is_replaced(given: bytes) -> None:
    made = begin(given)
    assert made != given.decode("latin-1")
    assert len(made) == 32
    assert int(made, 16) >= 0


def test_each_request_without_an_id_gets_its_own() -> None:
    assert len({begin() for _ in range(100)}) == 100


def test_the_log_lines_of_a_request_have_its_id(log_lines: io.StringIO) -> None:
    made = begin()
    structlog.get_logger("test").warning("something")
    assert f'"request_id": "{made}"' in log_lines.getvalue()
