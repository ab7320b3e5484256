"""Malformed bodies for ``/widget/exchange`` and ``/widget/status``: a 4xx with a reason, and nothing stored."""

import httpx
import pytest

from kit.db.database import Database
from support.db_probe import row_counts
from support.factories import Factory
from support.widget_client import TEXT_TYPE, assert_public, post

pytestmark = pytest.mark.anyio
BOTH = pytest.mark.parametrize("path", ["/widget/exchange", "/widget/status"])
TOKEN = "@TOKEN@"
"""Replaced by a valid token, so that only the rest of the body is wrong."""
MALFORMED = {
    "empty": b"",
    "blank": b"  \r\n",
    "half": b'{"token": "@TOKEN@"',
    "trailing": b'{"token": "@TOKEN@"} x',
    "two values": b'{"token": "@TOKEN@"}{}',
    "single quotes": b"{'token': '@TOKEN@'}",
    "byte order mark": b'\xef\xbb\xbf{"token": "@TOKEN@"}',
    "not utf-8 in the token": b'{"token": "@TOKEN@\xff"}',
    "not utf-8 in a field nobody reads": b'{"token": "@TOKEN@", "x": "\xff\xfe"}',
    "not utf-8 in a name": b'{"token": "@TOKEN@", "\xc3\x28": 1}',
    "utf-16": '{"token": "@TOKEN@"}'.encode("utf-16"),
    "half a surrogate pair": b'{"token": "@TOKEN@", "ticket": "\\ud800"}',
    "raw NUL": b'{"token": "@TOKEN@\x00"}',
    "NUL after": b'{"token": "@TOKEN@"}\x00',
    "not a number": b'{"token": "@TOKEN@", "x": NaN}',
    "deep lists": b'{"token": "@TOKEN@", "x": ' + b"[" * 7000 + b"]" * 7000 + b"}",
    "deep lists alone": b"[" * 8000 + b"]" * 8000,
    "unclosed lists": b"[" * 10_000,
    "deep objects": b'{"token": "@TOKEN@", "x": ' + b'{"a":' * 2500 + b"1" + b"}" * 2500 + b"}",
    "null": b"null",
    "list": b'["@TOKEN@"]',
    "text": b'"@TOKEN@"',
    "number": b"1e999",
    "no token": b"{}",
    "null token": b'{"token": null}',
    "number for token": b'{"token": 1}',
    "list for token": b'{"token": ["@TOKEN@"]}',
    "object for token": b'{"token": {"$ne": ""}}',
    "number for ticket": b'{"token": "@TOKEN@", "ticket": 1}',
    "list for call id": b'{"token": "@TOKEN@", "call_id": []}',
    "form": b"token=@TOKEN@",
}


@BOTH
@pytest.mark.parametrize("kind", MALFORMED)
async def test_a_malformed_body_is_refused_with_a_reason(
    client: httpx.AsyncClient, make: Factory, path: str, kind: str
) -> None:
    token = await make.token(await make.tenant())
    answer = await post(client, MALFORMED[kind].replace(TOKEN.encode(), token.raw.encode()), path=path)
    assert answer.status_code == 400, answer.text
    problem = answer.json()
    assert problem["code"] == "malformed_request"
    assert problem["detail"].startswith("The body ")
    assert token.raw not in answer.text
    assert_public(answer)


@BOTH
@pytest.mark.parametrize("size", [16_385, 17_000, 200_000])
async def test_more_than_16_kb_is_too_large(client: httpx.AsyncClient, path: str, size: int) -> None:
    answer = await post(client, b'{"token": "' + b"x" * (size - 13) + b'"}', path=path)
    assert answer.status_code == 413
    assert answer.json()["code"] == "body_too_large"
    assert answer.json()["detail"] == "The request body is larger than 16 kB"
    assert_public(answer)


@BOTH
async def test_exactly_16_kb_are_accepted(client: httpx.AsyncClient, make: Factory, path: str) -> None:
    token = await make.token(await make.tenant())
    start = b'{"token": "' + token.raw.encode() + b'", "x": "'
    body = start + b"x" * (16_384 - len(start) - 2) + b'"}'
    assert len(body) == 16_384
    assert (await post(client, body, path=path)).status_code == 200


@BOTH
@pytest.mark.parametrize(
    "content_type",
    [None, "", "text/html", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plainer"],
)
async def test_other_content_types_are_refused(client: httpx.AsyncClient, path: str, content_type: str | None) -> None:
    headers = [] if content_type is None else [("content-type", content_type)]
    answer = await post(client, b'{"token": "x"}', path=path, headers=headers)
    assert answer.status_code == 415
    assert answer.json()["code"] == "unsupported_media_type"
    assert answer.json()["detail"] == "Send JSON as application/json or text/plain"
    assert_public(answer)


async def test_size_is_checked_before_type_and_type_before_form(client: httpx.AsyncClient) -> None:
    html = [("content-type", "text/html")]
    assert (await post(client, b"x" * 17_000, headers=html)).status_code == 413
    assert (await post(client, b"x", headers=html)).status_code == 415
    assert (await post(client, b"x", headers=[("content-type", TEXT_TYPE)])).status_code == 400


async def test_refused_bodies_store_nothing(client: httpx.AsyncClient, make: Factory, database: Database) -> None:
    token = await make.token(await make.tenant())
    before = await row_counts(database)
    for path in ("/widget/exchange", "/widget/status"):
        for body in (*MALFORMED.values(), b"x" * 17_000):
            answer = await post(client, body.replace(TOKEN.encode(), token.raw.encode()), path=path)
            assert 400 <= answer.status_code < 500
    assert await row_counts(database) == before
