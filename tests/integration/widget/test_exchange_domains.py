"""The allowed domains of embed tokens at the exchange over HTTP, and the tickets of our own pages."""

import csv
import re
import time
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from kit.db.database import Database
from kit.secret_keys import SecretKeys
from kit.settings import Settings
from support.factories import Factory, Token
from support.widget_client import PAGE_ORIGIN, assert_problem, post_token
from widget.models import EmbedToken
from widget.tickets import MAX_TICKET_SECONDS, Ticket, Tickets

pytestmark = pytest.mark.anyio
CASES = Path(__file__).parents[2] / "cases" / "domain_cases.csv"
ESCAPES = {"r": "\r", "n": "\n", "t": "\t", "0": "\0", "\\": "\\"}
OWN = "http://localhost:8000"


def cases() -> list[dict[str, str]]:
    with CASES.open(encoding="utf-8", newline="") as file:
        return [
            {field: re.sub(r"\\([rnt0\\])", lambda found: ESCAPES[found[1]], value) for field, value in row.items()}
            for row in csv.DictReader(file)
        ]


def lines(value: str) -> list[bytes]:
    return [] if value == "(absent)" else [line.encode() for line in value.split(" || ")]


@pytest.mark.parametrize("row", cases(), ids=lambda row: row["why"])
async def test_each_page_gets_its_verdict(client: httpx.AsyncClient, make: Factory, row: dict[str, str]) -> None:
    allowed = [entry.strip() for entry in row["allowed_domains"].split(",") if entry]
    token = await make.token(await make.tenant(), allowed_domains=allowed)
    referers = [("referer", line) for line in lines(row["referer"])]
    for path in ("/widget/exchange", "/widget/status"):
        answer = await post_token(client, token.raw, path=path, origins=lines(row["origin"]), headers=referers)
        if row["verdict"] == "allow":
            assert answer.status_code == 200, answer.text
        else:
            assert_problem(answer, 403, "domain_not_allowed", "Domain not allowed")


@pytest.mark.parametrize(
    "origins", [["https://evil.com", "https://mysite.com"], ["https://mysite.com", "https://mysite.com"]]
)
async def test_a_request_with_two_origin_headers_is_refused(
    client: httpx.AsyncClient, make: Factory, origins: list[str]
) -> None:
    token = await make.token(await make.tenant(), allowed_domains=["mysite.com"])
    answer = await post_token(client, token.raw, origins=origins)
    assert_problem(answer, 403, "domain_not_allowed", "Domain not allowed")


async def test_the_products_own_origin_is_judged_like_any_other(client: httpx.AsyncClient, make: Factory) -> None:
    token = await make.token(await make.tenant(), allowed_domains=["mysite.com"])
    refused = await post_token(client, token.raw, origins=[OWN])
    assert_problem(refused, 403, "domain_not_allowed", "Domain not allowed")


@pytest.mark.parametrize("path", ["/widget/exchange", "/widget/status"])
async def test_a_ticket_admits_our_own_page_after_an_admitted_one(
    client: httpx.AsyncClient, make: Factory, path: str
) -> None:
    token = await make.token(await make.tenant(), allowed_domains=["mysite.com"])
    ticket = (await post_token(client, token.raw)).json()["ticket"]
    assert (await post_token(client, token.raw, path=path, origins=[OWN], ticket=ticket)).status_code == 200


async def test_a_ticket_is_refused_from_other_pages_and_for_other_tokens(
    client: httpx.AsyncClient, make: Factory
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant, allowed_domains=["mysite.com"])
    other = await make.token(tenant, allowed_domains=["mysite.com"])
    ticket = (await post_token(client, token.raw)).json()["ticket"]
    pages: list[list[str]] = [
        ["https://evil.com"],
        ["http://localhost:8001"],
        ["https://localhost:8000"],
        ["http://localhost:8000/"],
        ["null"],
        [],
        [OWN, OWN],
        [OWN, "https://evil.com"],
    ]
    for origins in pages:
        answer = await post_token(client, token.raw, origins=origins, ticket=ticket)
        assert_problem(answer, 403, "domain_not_allowed", "Domain not allowed")
    answer = await post_token(client, other.raw, origins=[OWN], ticket=ticket)
    assert_problem(answer, 403, "domain_not_allowed", "Domain not allowed")


async def test_an_expired_or_forged_ticket_is_refused(
    client: httpx.AsyncClient, make: Factory, settings: Settings
) -> None:
    token = await make.token(await make.tenant(), allowed_domains=["mysite.com"])
    now = int(time.time())
    said = Ticket("0123456789abcdef", b"https://mysite.com", now)
    good = Tickets(settings.secret_keys).issue(token.id, said, now + 60)
    assert (await post_token(client, token.raw, origins=[OWN], ticket=good)).status_code == 200
    over = Tickets(settings.secret_keys).issue(token.id, said, now - 1)
    forged = Tickets(SecretKeys("f" * 32)).issue(token.id, said, now + 60)
    for ticket in (over, forged, "", "x", good + "x", good.upper(), "\0", "ä" * 1000):
        answer = await post_token(client, token.raw, origins=[OWN], ticket=ticket)
        assert_problem(answer, 403, "domain_not_allowed", "Domain not allowed")


async def set_domains(database: Database, token: Token, *allowed: str) -> None:
    async with database.sessions() as session, session.begin():
        change = sa.update(EmbedToken).where(EmbedToken.id == token.id).values(allowed_domains=list(allowed))
        await session.execute(change)


@pytest.mark.parametrize("path", ["/widget/exchange", "/widget/status"])
async def test_a_ticket_is_refused_once_its_page_is_removed_from_the_list(
    client: httpx.AsyncClient, make: Factory, database: Database, path: str
) -> None:
    token = await make.token(await make.tenant(), allowed_domains=["mysite.com", "other.com"])
    first = (await post_token(client, token.raw)).json()["ticket"]
    renewed = (await post_token(client, token.raw, origins=[OWN], ticket=first)).json()["ticket"]
    await set_domains(database, token, "other.com")
    for ticket in (first, renewed):
        refused = await post_token(client, token.raw, path=path, origins=[OWN], ticket=ticket)
        assert_problem(refused, 403, "domain_not_allowed", "Domain not allowed")
    await set_domains(database, token, "mysite.com")
    assert (await post_token(client, token.raw, path=path, origins=[OWN], ticket=renewed)).status_code == 200


async def test_renewing_a_ticket_does_not_extend_its_day(
    client: httpx.AsyncClient, make: Factory, settings: Settings
) -> None:
    token = await make.token(await make.tenant(), allowed_domains=["mysite.com"])
    tickets = Tickets(settings.secret_keys)
    now = int(time.time())
    begun = now - MAX_TICKET_SECONDS + 60
    old = Ticket("0123456789abcdef", b"https://mysite.com", begun)
    answer = await post_token(client, token.raw, origins=[OWN], ticket=tickets.issue(token.id, old, now + 3600))
    renewed = answer.json()["ticket"]
    assert tickets.read(renewed, token.id, begun + MAX_TICKET_SECONDS - 1) == old
    assert tickets.read(renewed, token.id, begun + MAX_TICKET_SECONDS) is None


async def test_a_ticket_is_bound_to_its_page(client: httpx.AsyncClient, make: Factory) -> None:
    token = await make.token(await make.tenant(), allowed_domains=["mysite.com", "other.com"])
    first = (await post_token(client, token.raw)).json()
    same, own, other = [
        (await post_token(client, token.raw, origins=[origin], ticket=first["ticket"])).json()["identity"]
        == first["identity"]
        for origin in (PAGE_ORIGIN, OWN, "https://other.com")
    ]
    assert (same, own, other) == (True, True, False)


async def test_a_ticket_of_another_tenant_or_in_an_old_format_is_invalid(
    client: httpx.AsyncClient, make: Factory
) -> None:
    token = await make.token(await make.tenant(), allowed_domains=["mysite.com"])
    stranger = await make.token(await make.tenant(), allowed_domains=["mysite.com"])
    theirs = (await post_token(client, stranger.raw)).json()["ticket"]
    old_format = f"{int(time.time()) + 3600:x}.0123456789abcdef.AAAAAAAAAAAAAAAAAAAAAAAA"
    for ticket in (theirs, old_format):
        refused = await post_token(client, token.raw, origins=[OWN], ticket=ticket)
        assert_problem(refused, 403, "domain_not_allowed", "Domain not allowed")
        # The page gets a new ticket, which our own pages can use.
        fresh = (await post_token(client, token.raw, ticket=ticket)).json()["ticket"]
        assert (await post_token(client, token.raw, origins=[OWN], ticket=fresh)).status_code == 200


async def test_a_ticket_does_not_outlive_its_token(client: httpx.AsyncClient, make: Factory) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant, allowed_domains=["mysite.com"])
    ticket = (await post_token(client, token.raw)).json()["ticket"]
    await make.revoke(tenant, token)
    answer = await post_token(client, token.raw, origins=[OWN], ticket=ticket)
    assert_problem(answer, 401, "revoked_embed_token", "Invalid or revoked token")
