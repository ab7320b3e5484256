"""Access to every operation of the API: visitors, other organizations and lower roles.

``ROUTES`` has one entry for each operation of the OpenAPI document; an operation without one fails the test by name.
"""

import contextlib
import itertools
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
import pytest
from litestar import Litestar

from conftest import PUBLIC_URL
from kit.db.database import Database
from support.api_helpers import with_csrf
from support.asgi import asgi_transport
from support.factories import sign_in
from support.full_tenant import FullTenant, fingerprints
from tenants.models import Role

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

ORGANIZATION = "/api/organizations/{organization_id}"
METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True)
class Route:
    """The request of a tenant-scoped operation, and the roles that may send it."""

    at_least: Role = Role.MEMBER
    body: Mapping[str, Any] | Sequence[Any] | None = None
    """A body that is accepted from a member who may send the request."""
    query: Mapping[str, str] = field(default_factory=dict)
    """A value like ``{token_id}`` is an id of the victim's."""
    answer: int = 200
    """The status of the answer to a member who may send it."""


ADMIN = Role.ADMIN
ROUTES: Mapping[tuple[str, str], Route] = {
    ("get", ""): Route(),
    ("patch", ""): Route(ADMIN, {"name": "Taken over"}),
    ("get", "/phone-numbers"): Route(),
    ("post", "/phone-numbers"): Route(ADMIN, {"number": "+14155550142"}),
    ("get", "/phone-numbers/available"): Route(query={"country": "US"}),
    ("get", "/phone-numbers/available/types"): Route(query={"country": "US"}),
    ("get", "/phone-numbers/{number_id}"): Route(),
    ("patch", "/phone-numbers/{number_id}"): Route(ADMIN, {"name": "Taken over"}),
    ("get", "/verified-numbers"): Route(),
    ("post", "/verified-numbers"): Route(ADMIN, {"number": "+12125550108"}),
    ("delete", "/verified-numbers/{verified_number_id}"): Route(ADMIN),
    ("get", "/caller-id"): Route(),
    ("put", "/caller-id"): Route(ADMIN, {"sticky": False, "match_area_code": True}),
    ("get", "/addresses"): Route(ADMIN),
    ("post", "/addresses"): Route(
        ADMIN, {"country": "FR", "customer_name": "Acme", "street": "1 rue de la Paix", "city": "Paris"}
    ),
    ("delete", "/addresses/{address_id}"): Route(ADMIN),
    ("delete", "/phone-numbers/{number_id}"): Route(ADMIN),
    ("get", "/embed-tokens"): Route(),
    ("post", "/embed-tokens"): Route(ADMIN, {"label": "Planted"}),
    ("get", "/embed-tokens/{token_id}"): Route(),
    ("patch", "/embed-tokens/{token_id}"): Route(ADMIN, {"allowed_domains": ["evil.example"]}),
    ("delete", "/embed-tokens/{token_id}"): Route(ADMIN),
    ("get", "/calls"): Route(query={"token_id": "{token_id}", "limit": "1"}),
    ("get", "/calls/{call_id}"): Route(),
    # Members may change calls: a body that changes nothing, as the matrix asks.
    ("patch", "/calls/{call_id}"): Route(body={"note": None}),
    ("get", "/outcomes"): Route(),
    ("put", "/outcomes"): Route(ADMIN, [{"name": "Planted"}]),
    ("get", "/calls/export.csv"): Route(query={"token_id": "{token_id}"}),
    ("get", "/members"): Route(),
    ("patch", "/members/{member_id}"): Route(ADMIN, {"role": "member"}),
    # The route lets members in, because they may leave; whom they may not remove, the service says.
    ("delete", "/members/{member_id}"): Route(ADMIN),
    ("get", "/invitations"): Route(ADMIN),
    ("post", "/invitations"): Route(ADMIN, {"email": "intruder@example.com", "role": "admin"}),
    ("delete", "/invitations/{invitation_id}"): Route(ADMIN),
    ("post", "/invitations/{invitation_id}/resend"): Route(ADMIN, {}),
    ("get", "/api-keys"): Route(ADMIN),
    ("post", "/api-keys"): Route(ADMIN, {"label": "Planted", "scope": "write"}),
    ("get", "/api-keys/{key_id}"): Route(ADMIN),
    ("delete", "/api-keys/{key_id}"): Route(ADMIN),
    ("get", "/calling-rules"): Route(),
    ("put", "/calling-rules"): Route(ADMIN, {"countries": ["KP"], "blocked_numbers": [], "tokens": []}),
    ("get", "/incoming-calls"): Route(),
    ("put", "/incoming-calls"): Route(ADMIN, {"forward_to": ["+12125550144"], "voicemail": False}),
    ("get", "/phone-numbers/{number_id}/incoming-calls"): Route(),
    ("put", "/phone-numbers/{number_id}/incoming-calls"): Route(ADMIN, {"forward_to": ["+12125550144"]}),
    ("get", "/voicemails"): Route(),
    ("get", "/voicemails/{voicemail_id}"): Route(),
    # The carrier does not have this recording.
    ("get", "/voicemails/{voicemail_id}/audio"): Route(answer=404),
    ("patch", "/voicemails/{voicemail_id}"): Route(body={"heard": False}),
    ("delete", "/voicemails/{voicemail_id}"): Route(ADMIN),
    ("get", "/audio"): Route(),
    ("post", "/audio"): Route(ADMIN, {"file": "none"}),
    ("get", "/audio/{audio_id}"): Route(),
    ("get", "/audio/{audio_id}/content"): Route(),
    ("patch", "/audio/{audio_id}"): Route(ADMIN, {"name": "Easter"}),
    ("delete", "/audio/{audio_id}"): Route(ADMIN),
    ("get", "/voicemail-greetings"): Route(),
    ("post", "/voicemail-greetings"): Route(ADMIN, {"file": "none"}, query={"shared": "true"}),
    ("get", "/voicemail-greetings/{greeting_id}"): Route(),
    ("get", "/voicemail-greetings/{greeting_id}/content"): Route(),
    ("patch", "/voicemail-greetings/{greeting_id}"): Route(ADMIN, {"name": "Planted"}),
    ("delete", "/voicemail-greetings/{greeting_id}"): Route(ADMIN),
    # Somebody else placed the call.
    ("post", "/calls/{call_id}/voicemail-drop"): Route(body={}, answer=403),
    ("get", "/retention"): Route(),
    ("put", "/retention"): Route(ADMIN, {"months": 1}),
    ("post", "/erasures"): Route(ADMIN, {"number": "+12125550177"}),
    ("get", "/usage"): Route(),
    ("get", "/events"): Route(),
    ("get", "/webhooks"): Route(ADMIN),
    ("post", "/webhooks"): Route(ADMIN, {"url": "http://localhost:9/", "events": ["call.ended"]}),
    ("get", "/webhooks/{webhook_id}"): Route(ADMIN),
    ("patch", "/webhooks/{webhook_id}"): Route(ADMIN, {"events": ["call.started"]}),
    ("delete", "/webhooks/{webhook_id}"): Route(ADMIN),
    ("post", "/webhooks/{webhook_id}/test"): Route(ADMIN, {}),
    ("post", "/webhooks/{webhook_id}/rotate-secret"): Route(ADMIN, {}),
    ("post", "/webhooks/{webhook_id}/resend-since"): Route(ADMIN, {"since": "2026-11-22T18:00:00Z"}),
    ("get", "/webhooks/{webhook_id}/deliveries"): Route(ADMIN),
    ("post", "/webhooks/{webhook_id}/deliveries/{delivery_id}/resend"): Route(ADMIN, {}),
    ("get", "/integrations/hubspot"): Route(ADMIN),
    # HubSpot is not asked: such a token is none.
    ("put", "/integrations/hubspot"): Route(ADMIN, {"access_token": "not a token"}),
    ("delete", "/integrations/hubspot"): Route(ADMIN),
    ("get", "/integrations/hubspot/failures"): Route(ADMIN),
    ("post", "/integrations/hubspot/failures/{failure_id}/retry"): Route(ADMIN, {}),
    ("get", "/audit"): Route(ADMIN),
    ("get", "/audit/export.csv"): Route(ADMIN),
}
WITHOUT_ORGANIZATION = {
    ("get", "/api/organizations"),
    ("get", "/api/session"),
    ("post", "/api/session"),
    ("delete", "/api/session"),
}
"""Operations about the person who sends the request; they name no organization."""
PEOPLE_ONLY = ("/members", "/invitations", "/api-keys")
"""Paths that begin so refuse API keys, even those of the organization itself."""
EACH_ROUTE = pytest.mark.parametrize("operation", sorted(ROUTES), ids=" ".join)
OUTSIDERS = ("owner of another organization", "removed member", "key of another", "read-only key of another")

Operation = tuple[str, str]
Clients = Mapping[str, httpx.AsyncClient]


@pytest.fixture(scope="module")
async def clients(app: Litestar, victim: FullTenant, stranger: FullTenant) -> AsyncIterator[Clients]:
    """One browser or program for each actor."""
    keys = {
        "key of another": stranger.write_key,
        "read-only key of another": stranger.read_key,
        "own key": victim.write_key,
    }
    people = {
        "owner of another organization": stranger.tenant.owner,
        "removed member": victim.removed,
        "member": victim.member,
    }
    transport = asgi_transport(app)
    async with contextlib.AsyncExitStack() as stack:
        found: dict[str, httpx.AsyncClient] = {}
        for who in ("anonymous", *people, *keys):
            client = httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL)
            found[who] = await stack.enter_async_context(client)
        await with_csrf(found["anonymous"])
        for who, user in people.items():
            await sign_in(found[who], user)
        for who, raw in keys.items():
            found[who].headers["authorization"] = f"Bearer {raw}"
        yield found


async def send_request(client: httpx.AsyncClient, operation: Operation, ids: Mapping[str, Any]) -> tuple[int, bytes]:
    """Send the operation's request with these ids; return the status and the body of the answer."""
    method, path = operation
    route = ROUTES[operation]
    query = {name: value.format(**ids) for name, value in route.query.items()}
    answer = await client.request(method, (ORGANIZATION + path).format(**ids), params=query, json=route.body)
    return answer.status_code, answer.content


def random_ids(victim: FullTenant) -> dict[str, Any]:
    return {name: uuid4() for name in victim.ids}


async def test_every_operation_of_the_document_has_its_entry(app: Litestar) -> None:
    described = {
        (method, path)
        for path, item in (app.openapi_schema.paths or {}).items()
        for method in METHODS
        if getattr(item, method) is not None
    }
    expected = {(method, ORGANIZATION + path) for method, path in ROUTES} | WITHOUT_ORGANIZATION
    assert sorted(described - expected) == [], "add these to the matrix"
    assert sorted(expected - described) == [], "these are gone"


async def test_every_id_in_a_path_is_a_real_one_of_the_victims(victim: FullTenant) -> None:
    named = set(itertools.chain.from_iterable(re.findall(r"{(\w+)}", path) for _, path in ROUTES))
    assert named <= set(victim.ids)


async def test_a_change_that_is_allowed_shows_in_the_fingerprints(
    clients: Clients, database: Database, victim: FullTenant
) -> None:
    before = await fingerprints(database, victim.ids["organization_id"])
    answer = await send_request(clients["own key"], ("patch", ""), victim.ids)
    after = await fingerprints(database, victim.ids["organization_id"])

    assert answer[0] == 200
    assert None not in before.values()
    assert {table for table in before if before[table] != after[table]} == {"organization", "audit_event"}


@EACH_ROUTE
async def test_a_foreign_organization_is_no_different_from_none(
    clients: Clients, database: Database, victim: FullTenant, operation: Operation
) -> None:
    before = await fingerprints(database, victim.ids["organization_id"])
    for who in OUTSIDERS:
        real = await send_request(clients[who], operation, victim.ids)
        assert real == await send_request(clients[who], operation, random_ids(victim)), who
        assert real[0] == 404, who
    for ids in (victim.ids, random_ids(victim)):
        status, body = await send_request(clients["anonymous"], operation, ids)
        assert status == 401
        assert b"not_authenticated" in body
    assert await fingerprints(database, victim.ids["organization_id"]) == before


@pytest.mark.parametrize(
    "operation",
    [operation for operation in sorted(ROUTES) if "{" in operation[1] + "".join(ROUTES[operation].query.values())],
    ids=" ".join,
)
async def test_a_foreign_id_within_ones_own_organization_is_no_different_from_none(
    clients: Clients, database: Database, victim: FullTenant, stranger: FullTenant, operation: Operation
) -> None:
    own = {"organization_id": stranger.ids["organization_id"]}
    before = await fingerprints(database, victim.ids["organization_id"])
    for who in ("owner of another organization", "key of another"):
        real = await send_request(clients[who], operation, {**victim.ids, **own})
        assert real == await send_request(clients[who], operation, {**random_ids(victim), **own}), who
        refused = 403 if who == "key of another" and operation[1].startswith(PEOPLE_ONLY) else 404
        assert real[0] == (refused if "{" in operation[1] else 200), who
    assert await fingerprints(database, victim.ids["organization_id"]) == before


@EACH_ROUTE
async def test_a_low_role_reads_what_it_may_and_changes_nothing(
    clients: Clients, database: Database, victim: FullTenant, operation: Operation
) -> None:
    before = await fingerprints(database, victim.ids["organization_id"])
    status, body = await send_request(clients["member"], operation, victim.ids)
    if ROUTES[operation].at_least is Role.MEMBER:
        assert status == ROUTES[operation].answer, body
    else:
        assert status == 403
        assert b"role_too_low" in body
        own = {"organization_id": victim.ids["organization_id"]}
        assert (status, body) == await send_request(clients["member"], operation, {**random_ids(victim), **own})
    assert await fingerprints(database, victim.ids["organization_id"]) == before


@pytest.mark.parametrize(
    "operation", [operation for operation in sorted(ROUTES) if operation[1].startswith(PEOPLE_ONLY)], ids=" ".join
)
async def test_a_key_of_the_organization_itself_stays_out_of_members_and_keys(
    clients: Clients, database: Database, victim: FullTenant, operation: Operation
) -> None:
    before = await fingerprints(database, victim.ids["organization_id"])
    status, body = await send_request(clients["own key"], operation, victim.ids)

    assert status == 403
    assert b"key_not_allowed" in body
    assert await fingerprints(database, victim.ids["organization_id"]) == before


async def test_nobody_lists_an_organization_that_is_not_theirs(clients: Clients, victim: FullTenant) -> None:
    for who in OUTSIDERS:
        answer = await clients[who].get("/api/organizations")
        assert answer.status_code == 200
        assert str(victim.ids["organization_id"]) not in answer.text
    assert (await clients["anonymous"].get("/api/organizations")).status_code == 401
