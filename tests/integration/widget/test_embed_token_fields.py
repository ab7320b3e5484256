"""Labels of embed tokens are stored unchanged, domains in their normal form; a refusal names the field."""

import csv
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple
from uuid import UUID, uuid4

import httpx
import pytest
from litestar import Litestar

from kit.db.database import Database
from kit.settings import Settings
from support.api_helpers import fields_refused
from support.asgi import asgi_transport
from support.db_probe import row_counts
from support.factories import Factory, sign_in

pytestmark = pytest.mark.anyio
CASES = Path(__file__).parents[2] / "cases" / "domain_entry_cases.csv"
ESCAPES = {"r": "\r", "n": "\n", "t": "\t", "0": "\0", "\\": "\\"}
LONG_INPUTS = {
    "<21 domains>": ", ".join(f"site{number}.com" for number in range(21)),
    "<4,001 characters>": "mysite.com".ljust(4001),
}


class SignedInOwner(NamedTuple):
    """The signed-in owner of an organization that may have 1,000 tokens."""

    browser: httpx.AsyncClient
    path: str
    token_id: UUID


@pytest.fixture(scope="module")
async def owner(app: Litestar, database: Database, settings: Settings) -> AsyncIterator[SignedInOwner]:
    make = Factory(database, settings)
    tenant = await make.tenant()
    async with database.sessions() as session, session.begin():
        (await session.merge(tenant.organization)).limits = {"active_tokens": 1000}
    token = await make.token(tenant)
    transport = asgi_transport(app)
    async with httpx.AsyncClient(transport=transport, base_url=settings.public_url) as browser:
        await sign_in(browser, tenant.owner)
        yield SignedInOwner(browser, f"/api/organizations/{tenant.organization.id}/embed-tokens", token.id)


def cases() -> list[dict[str, str]]:
    with CASES.open(encoding="utf-8", newline="") as file:
        return [
            {field: re.sub(r"\\([rnt0\\])", lambda found: ESCAPES[found[1]], value) for field, value in row.items()}
            for row in csv.DictReader(file)
        ]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"label": None}, "label"),
        ({"label": ["x"]}, "label"),
        ({"label": "x" * 65}, "label"),
        ({"label": "📞" * 65}, "label"),
        ({"label": "a\0b"}, "label"),
        ({"label": "a\x1bb"}, "label"),
        ({"allowed_domains": None}, "allowed_domains"),
        ({"allowed_domains": 1}, "allowed_domains"),
        ({"allowed_domains": [1]}, "allowed_domains"),
        ({"allowed_domains": {"0": "a.com"}}, "allowed_domains"),
        ({"allowed_domains": ["a.com", None]}, "allowed_domains"),
        ({"allowed_domains": ["a.com", "com"]}, "allowed_domains"),
        ({"id": str(uuid4())}, "id"),
        ({"prefix": "ept_XXXX"}, "prefix"),
        ({"token": "ept_x"}, "token"),
        ({"created_at": "2026-01-01T00:00:00Z"}, "created_at"),
        ({"last_used_at": None}, "last_used_at"),
        ({"revoked_at": None}, "revoked_at"),
        ({"organization_id": str(uuid4())}, "organization_id"),
        ({"surprise": 1}, "surprise"),
    ],
)
async def test_a_refusal_names_the_invalid_field(
    owner: SignedInOwner, database: Database, body: dict[str, object], field: str
) -> None:
    before = await row_counts(database), (await owner.browser.get(owner.path)).text
    assert fields_refused(await owner.browser.post(owner.path, json=body)) == [field]
    assert fields_refused(await owner.browser.patch(f"{owner.path}/{owner.token_id}", json=body)) == [field]
    assert (await row_counts(database), (await owner.browser.get(owner.path)).text) == before


@pytest.mark.parametrize(
    "label",
    [
        "",
        "x" * 64,
        "📞" * 64,
        "<script>alert(1)</script>",
        "\u202eetisbew niaM",
        "a\r\nSet-Cookie: b=c",
        "Büro; DROP TABLE embed_token;--",
        "{{ 7*7 }} %s \\",
        "e\u0301",
    ],
)
async def test_labels_are_stored_unchanged(owner: SignedInOwner, label: str) -> None:
    made = await owner.browser.post(owner.path, json={"label": label})
    assert (made.status_code, made.json()["label"]) == (201, label)
    assert (await owner.browser.get(owner.path)).json()["items"][0]["label"] == label


@pytest.mark.parametrize("row", cases(), ids=lambda row: row["why"])
async def test_lists_of_domains_are_stored_in_normal_form_or_refused(
    owner: SignedInOwner, database: Database, row: dict[str, str]
) -> None:
    typed = LONG_INPUTS.get(row["input"], row["input"])
    before = await row_counts(database)
    answers = [await owner.browser.post(owner.path, json={"allowed_domains": sent}) for sent in (typed, [typed])]
    if row["result"].startswith("ERROR: "):
        for answer in answers:
            assert fields_refused(answer) == ["allowed_domains"]
            assert answer.json()["errors"][0]["message"] == row["result"].removeprefix("ERROR: ")
        assert await row_counts(database) == before
    else:
        stored = [] if not row["result"] else row["result"].split(", ")
        for answer in answers:
            assert (answer.status_code, answer.json()["allowed_domains"]) == (201, stored)
