"""Access to every dashboard page and form: visitors, other organizations and lower roles.

``PAGES`` has one entry for each page of an organization in the application's own route table; one without fails.
"""

import contextlib
import itertools
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import sqlalchemy as sa
from litestar import Litestar
from litestar.routes import HTTPRoute

from accounts.models import LoginSession, User
from calls.limits.limit_names import DEFAULT_LIMITS, FIXED_LIMITS
from calls.limits.limit_table import LIMIT_TABLE
from conftest import PUBLIC_URL, NewClient
from kit.actor import SYSTEM
from kit.db.database import Database
from kit.settings import Settings
from support.asgi import asgi_transport
from support.factories import Factory, sign_in
from support.full_tenant import FullTenant, assign_sequence_numbers, fingerprints, make_full_tenant
from tenants.models import Role
from tenants.services import OrganizationService

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

ORGANIZATION = "/dashboard/{slug}"


@dataclass(frozen=True)
class Page:
    """The input of a page or form, and the lowest role that may use it."""

    at_least: Role = Role.MEMBER
    form: Mapping[str, str] = field(default_factory=dict)
    """Fields that are accepted from a member with that role."""
    query: Mapping[str, str] = field(default_factory=dict)
    """A value like ``{token_id}`` is replaced by the victim's id."""


ADMIN, OWNER = Role.ADMIN, Role.OWNER
LIMITS = DEFAULT_LIMITS.keys() & LIMIT_TABLE.keys() - FIXED_LIMITS
LEAVE = ("POST", "/settings/leave")
"""Open to every member: it ends their own membership."""
HAND_OVER = ("POST", "/settings/members/{member_id}/hand-over")
ASK_TO_ERASE = ("POST", "/settings/call-data/erase")
"""Changes nothing. It is a form because phone numbers must not stand in URLs."""
REVIEW_NUMBER = ("POST", "/settings/numbers/review")
"""Changes nothing. It is a form because phone numbers must not stand in URLs."""
CALL_BACK = ("POST", "/calls/{call_id}/call-back")
"""Changes nothing for a call that was not missed."""
MISSED_MAILS = ("POST", "/settings/incoming-calls/missed-mails")
"""Changes nothing without a choice; its fields are named by members."""
DOWNLOAD = ("POST", "/settings/organization/export")
"""A form, because it writes an audit event."""
REMOVE = ("POST", "/settings/members/{member_id}/remove")
"""The route admits plain members, because they may leave; the service refuses the removal of others."""
LEAVE_VOICEMAIL = ("POST", "/calls/{call_id}/voicemail-drop")
"""Refused, because the call is over."""
SEND_TEST = ("POST", "/settings/webhooks/{webhook_id}/test")
SEND_SINCE = ("POST", "/settings/webhooks/{webhook_id}/resend-since")
SEND_ONE = ("POST", "/settings/webhooks/{webhook_id}/deliveries/{delivery_id}/resend")
"""The webhook of ``make_full_tenant`` is paused, so that nothing is sent while rows are compared: these are refused."""
CONNECT = ("POST", "/settings/hubspot")
"""HubSpot is not asked: such a token is none, and it is refused."""
PAGES: Mapping[tuple[str, str], Page] = {
    ("GET", ""): Page(),
    ("GET", "/calls"): Page(query={"token": "{token_id}"}),
    ("GET", "/calls/{call_id}"): Page(),
    ("POST", "/calls/{call_id}"): Page(form={"note": "Planted"}),
    ("GET", "/calls/{call_id}/call-back"): Page(),
    CALL_BACK: Page(),
    ("GET", "/usage"): Page(),
    ("GET", "/voicemails"): Page(),
    ("GET", "/voicemails/{voicemail_id}"): Page(),
    ("GET", "/voicemails/{voicemail_id}/delete"): Page(ADMIN),
    ("GET", "/voicemails/greetings"): Page(),
    ("POST", "/voicemails/greetings/{greeting_id}/name"): Page(ADMIN, {"name": "Planted"}),
    ("GET", "/voicemails/greetings/{greeting_id}/remove"): Page(ADMIN),
    ("POST", "/voicemails/greetings/{greeting_id}/remove"): Page(ADMIN),
    LEAVE_VOICEMAIL: Page(),
    # Before the call is erased.
    CONNECT: Page(ADMIN, {"access_token": "not a token"}),
    ("POST", "/settings/hubspot/failures/{failure_id}/retry"): Page(ADMIN),
    ("POST", "/settings/hubspot/retry"): Page(ADMIN),
    ("POST", "/settings/hubspot/remove"): Page(ADMIN),
    ("POST", "/voicemails/{voicemail_id}/heard"): Page(form={"heard": "yes"}),
    ("POST", "/voicemails/{voicemail_id}/delete"): Page(ADMIN),
    ("GET", "/audit"): Page(ADMIN),
    ("GET", "/settings"): Page(),
    ("GET", "/settings/phone-numbers"): Page(),
    ("GET", "/settings/widget"): Page(),
    ("GET", "/settings/calling-rules"): Page(),
    ("GET", "/settings/incoming-calls"): Page(),
    ("GET", "/settings/incoming-calls/{number_id}"): Page(),
    ("GET", "/settings/incoming-calls/{number_id}/follow"): Page(ADMIN),
    ("GET", "/settings/incoming-calls/recordings/{audio_id}/remove"): Page(ADMIN),
    ("GET", "/settings/team"): Page(),
    ("GET", "/settings/api-keys"): Page(ADMIN),
    ("GET", "/settings/webhooks"): Page(ADMIN),
    ("GET", "/settings/webhooks/secret"): Page(ADMIN),
    ("GET", "/settings/webhooks/{webhook_id}"): Page(ADMIN),
    ("GET", "/settings/webhooks/{webhook_id}/delete"): Page(ADMIN),
    ("GET", "/settings/webhooks/{webhook_id}/rotate"): Page(ADMIN),
    ("GET", "/settings/hubspot"): Page(ADMIN),
    ("GET", "/settings/hubspot/remove"): Page(ADMIN),
    ("GET", "/settings/organization"): Page(),
    ("GET", "/settings/embed-tokens/created"): Page(ADMIN),
    ("GET", "/settings/embed-tokens/domains"): Page(ADMIN, query={"allowed_domains": "example.com"}),
    ("GET", "/settings/embed-tokens/{token_id}"): Page(),
    ("GET", "/settings/embed-tokens/{token_id}/kits/{kit}"): Page(),
    ("GET", "/settings/embed-tokens/{token_id}/revoke"): Page(ADMIN),
    ("GET", "/settings/api-keys/created"): Page(ADMIN),
    ("GET", "/settings/api-keys/{key_id}/revoke"): Page(ADMIN),
    ("GET", "/settings/invitations/{invitation_id}/withdraw"): Page(ADMIN),
    ("GET", "/settings/leave"): Page(),
    ("GET", "/settings/members/{member_id}/remove"): Page(ADMIN),
    ("GET", "/settings/members/{member_id}/hand-over"): Page(OWNER),
    ("GET", "/settings/numbers"): Page(ADMIN, query={"country": "US"}),
    ("GET", "/settings/addresses/{address_id}/delete"): Page(ADMIN),
    ("GET", "/settings/numbers/fields"): Page(ADMIN, query={"country": "GB"}),
    ("GET", "/settings/numbers/{number_id}/release"): Page(ADMIN),
    ("GET", "/settings/verified-numbers/code"): Page(ADMIN),
    ("GET", "/settings/verified-numbers/{verified_number_id}/remove"): Page(ADMIN),
    ("GET", "/settings/organization/country"): Page(ADMIN),
    ("GET", "/settings/organization/delete"): Page(OWNER),
    ("POST", "/settings/organization"): Page(ADMIN, {"name": "Taken over"}),
    ("POST", "/settings/organization/country"): Page(ADMIN, {"country": "CA"}),
    ("POST", "/settings/organization/time-zone"): Page(ADMIN, {"time_zone": "Asia/Tokyo"}),
    ("POST", "/settings/outcomes"): Page(ADMIN, {"outcome-name-0": "Planted"}),
    ("POST", "/settings/calling-rules/countries"): Page(ADMIN, {"destination": "GB"}),
    ("POST", "/settings/calling-rules/countries/remove"): Page(ADMIN, {"code": "CA"}),
    ("POST", "/settings/calling-rules/limits"): Page(ADMIN, dict.fromkeys(LIMITS, "0")),
    ("POST", "/settings/calling-rules/blocked"): Page(ADMIN, {"blocked_numbers": "+12125550144"}),
    ("POST", "/settings/incoming-calls/hours"): Page(ADMIN, {"time_zone": "Europe/Berlin", "mon": "09:00-17:00"}),
    ("POST", "/settings/incoming-calls/greeting"): Page(ADMIN, {"greeting": "Hello", "language": "en-US"}),
    ("POST", "/settings/incoming-calls/recordings/{audio_id}/name"): Page(ADMIN, {"name": "Planted"}),
    ("POST", "/settings/incoming-calls/recordings/{audio_id}/remove"): Page(ADMIN),
    ("POST", "/settings/incoming-calls/voicemail"): Page(ADMIN, {"voicemail": "yes"}),
    MISSED_MAILS: Page(),
    ("POST", "/settings/incoming-calls/phones"): Page(
        ADMIN, {"forward_to": "+14165550163", "forward_mode": "together", "ring_seconds": "20"}
    ),
    ("POST", "/settings/incoming-calls/{number_id}/own"): Page(ADMIN),
    ("POST", "/settings/incoming-calls/{number_id}/hours"): Page(ADMIN, {"time_zone": "Europe/Paris"}),
    ("POST", "/settings/incoming-calls/{number_id}/greeting"): Page(ADMIN, {"greeting": "Hi", "language": "en-US"}),
    ("POST", "/settings/incoming-calls/{number_id}/voicemail"): Page(ADMIN),
    ("POST", "/settings/incoming-calls/{number_id}/phones"): Page(
        ADMIN, {"forward_to": "+14165550163", "forward_mode": "together", "ring_seconds": "25"}
    ),
    ("POST", "/settings/incoming-calls/{number_id}/follow"): Page(ADMIN),
    ("POST", "/settings/calling-rules/blocked/remove"): Page(ADMIN, {"number": "+12125550188"}),
    ("POST", "/settings/numbers/{number_id}/name"): Page(ADMIN, {"name": "Taken over"}),
    ("POST", "/settings/numbers/{number_id}/default"): Page(ADMIN),
    ("POST", "/settings/verified-numbers"): Page(ADMIN, {"own_number": "+442079460134"}),
    ("POST", "/settings/verified-numbers/{verified_number_id}/remove"): Page(ADMIN),
    ("POST", "/settings/caller-id"): Page(ADMIN, {"match_area_code": "yes"}),
    ("POST", "/settings/members/{member_id}/number"): Page(ADMIN, {"number_id": "{number_id}"}),
    ("POST", "/settings/embed-tokens/{token_id}/numbers"): Page(ADMIN),
    ("POST", "/settings/embed-tokens"): Page(ADMIN, {"label": "Planted", "allowed_domains": "evil.example"}),
    ("POST", "/settings/embed-tokens/{token_id}"): Page(ADMIN, {"allowed_domains": "evil.example"}),
    ("POST", "/settings/embed-tokens/{token_id}/allow"): Page(ADMIN, {"domain": "chrome-extension://" + "a" * 32}),
    ("POST", "/settings/embed-tokens/{token_id}/limits"): Page(ADMIN, {"live_calls": "3"}),
    ("POST", "/settings/embed-tokens/{token_id}/revoke"): Page(ADMIN),
    ("POST", "/settings/call-data/retention"): Page(ADMIN, {"months": "1"}),
    ASK_TO_ERASE: Page(ADMIN, {"number": "+12125550177"}),
    ("POST", "/settings/call-data/erase/confirmed"): Page(ADMIN, {"number": "+12125550177"}),
    DOWNLOAD: Page(OWNER),
    ("POST", "/settings/upgrade"): Page(OWNER),
    ("POST", "/settings/api-keys"): Page(ADMIN, {"label": "Planted", "scope": "write"}),
    ("POST", "/settings/api-keys/{key_id}/revoke"): Page(ADMIN),
    ("POST", "/settings/webhooks"): Page(ADMIN, {"url": "http://localhost:9/", "call.ended": "yes"}),
    ("POST", "/settings/webhooks/{webhook_id}"): Page(ADMIN, {"url": "http://localhost:9/", "call.ended": "yes"}),
    ("POST", "/settings/webhooks/{webhook_id}/pause"): Page(ADMIN, {"paused": "yes"}),
    ("POST", "/settings/webhooks/{webhook_id}/rotate"): Page(ADMIN),
    SEND_TEST: Page(ADMIN),
    SEND_SINCE: Page(ADMIN, {"since": "2026-11-22T18:00:00Z"}),
    SEND_ONE: Page(ADMIN),
    ("POST", "/settings/webhooks/{webhook_id}/delete"): Page(ADMIN),
    ("POST", "/settings/invitations"): Page(ADMIN, {"email": "intruder@example.com", "role": "admin"}),
    ("POST", "/settings/invitations/{invitation_id}/resend"): Page(ADMIN),
    ("POST", "/settings/invitations/{invitation_id}/withdraw"): Page(ADMIN),
    REVIEW_NUMBER: Page(ADMIN, {"number": "+14155550142", "country": "US"}),
    ("POST", "/settings/numbers"): Page(ADMIN, {"number": "+14155550142", "country": "US"}),
    ("POST", "/settings/numbers/{number_id}/release"): Page(ADMIN),
    ("POST", "/settings/addresses"): Page(
        ADMIN, {"country": "FR", "customer_name": "Acme", "street": "1 rue de la Paix", "city": "Paris"}
    ),
    ("POST", "/settings/addresses/{address_id}/delete"): Page(ADMIN),
    ("POST", "/settings/members/{member_id}"): Page(ADMIN, {"role": "admin"}),
    REMOVE: Page(ADMIN),
    HAND_OVER: Page(OWNER),
    LEAVE: Page(),
    ("POST", "/settings/organization/delete"): Page(OWNER, {"confirmation": "Taken over"}),
}
"""In an order in which the owner of one organization can use all, except the two that end their ownership."""
PERSONAL_PAGES = {
    ("GET", "/account"),
    ("POST", "/account/email"),
    ("POST", "/account/name"),
    ("POST", "/account/passkeys"),
    ("POST", "/account/passkeys/options"),
    ("POST", "/account/passkeys/removal-options"),
    ("GET", "/account/passkeys/{passkey_id}"),
    ("POST", "/account/passkeys/{passkey_id}/name"),
    ("POST", "/account/passkeys/{passkey_id}/remove"),
    ("POST", "/account/password"),
    ("GET", "/account/recovery-codes"),
    ("POST", "/account/recovery-codes"),
    ("GET", "/account/second-factor"),
    ("POST", "/account/second-factor"),
    ("POST", "/account/second-factor/confirm"),
    ("POST", "/account/second-factor/disable"),
    ("POST", "/account/sessions/end-others"),
    ("POST", "/account/sessions/{session_id}/end"),
    ("POST", "/account/verification"),
    ("GET", "/dashboard"),
    ("GET", "/dashboard/new"),
    ("POST", "/dashboard/new"),
    ("POST", "/dashboard/new/restore/{organization_id}"),
}
"""Pages about the signed-in person; they name no organization."""
PUBLIC_PAGES = {
    *(("GET", path) for path in ("/plans", "/terms", "/privacy", "/contact")),
    ("GET", "/"),
    ("GET", "/schema/ui"),
    ("GET", "/signup"),
    ("POST", "/signup"),
    ("GET", "/login"),
    ("POST", "/login"),
    ("POST", "/login/code"),
    ("POST", "/login/passkey"),
    ("POST", "/login/passkey/options"),
    ("POST", "/logout"),
    ("GET", "/forgot-password"),
    ("POST", "/forgot-password"),
    ("GET", "/verify-email/{token}"),
    ("POST", "/verify-email/{token}"),
    ("GET", "/reset-password/{token}"),
    ("POST", "/reset-password/{token}"),
    ("GET", "/invitations/{token}"),
    ("POST", "/invitations/{token}"),
    ("GET", "/invitations/report/{token}"),
    ("POST", "/invitations/report/{token}"),
}
"""Pages that need no session; mailed links authorize by their token alone."""
EACH_PAGE = pytest.mark.parametrize("operation", sorted(PAGES), ids=" ".join)
OUTSIDERS = ("owner of another organization", "removed member")
KEYS = ("key of another", "own key")

Operation = tuple[str, str]
Clients = Mapping[str, httpx.AsyncClient]
Names = Mapping[str, Any]


@pytest.fixture(scope="module")
async def admin_of_victim(database: Database, settings: Settings, victim: FullTenant) -> User:
    return await Factory(database, settings).member(victim.tenant.organization, Role.ADMIN)


@pytest.fixture(scope="module")
async def clients(
    app: Litestar, victim: FullTenant, stranger: FullTenant, admin_of_victim: User
) -> AsyncIterator[Clients]:
    """One browser or program for each actor."""
    people = {
        "owner of another organization": stranger.tenant.owner,
        "removed member": victim.removed,
        "member": victim.member,
        "admin": admin_of_victim,
    }
    transport = asgi_transport(app)
    async with contextlib.AsyncExitStack() as stack:
        found: dict[str, httpx.AsyncClient] = {}
        for who in ("anonymous", *people, *KEYS):
            client = httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL)
            found[who] = await stack.enter_async_context(client)
        await found["anonymous"].get("/login")
        for who, user in people.items():
            await sign_in(found[who], user)
        for who, raw in zip(KEYS, (stranger.write_key, victim.write_key), strict=True):
            found[who].headers["authorization"] = f"Bearer {raw}"
        yield found


def path_values_of(full_tenant: FullTenant) -> dict[str, Any]:
    """Return the values for the placeholders in paths of the organization's pages."""
    return {**full_tenant.ids, "slug": full_tenant.tenant.organization.slug, "kit": "html"}


def random_names(victim: FullTenant) -> dict[str, Any]:
    return {**{name: uuid4() for name in victim.ids}, "slug": f"tenant-{uuid4().hex}", "kit": "html"}


async def send_request(client: httpx.AsyncClient, operation: Operation, names: Names) -> httpx.Response:
    """Open a page or send a form with these ids, as the dashboard does; redirects are not followed."""
    method, path = operation
    page = PAGES[operation]
    query = {name: value.format(**names) for name, value in page.query.items()}
    token = client.cookies.get("csrftoken") or ""
    form = {**{name: value.format(**names) for name, value in page.form.items()}, "csrf_token": token}
    return await client.request(
        method, (ORGANIZATION + path).format(**names), params=query, data=None if method == "GET" else form
    )


def visible_answer(answer: httpx.Response, names: Names) -> tuple[int, str, str]:
    """Return the status, redirect target and text of an answer, with the requested values replaced by their names."""
    text, target = answer.text, answer.headers.get("location", "")
    for name, value in names.items():
        text, target = text.replace(str(value), f"<{name}>"), target.replace(str(value), f"<{name}>")
    return answer.status_code, target, text


def assert_discloses_nothing(victim: FullTenant, answer: httpx.Response) -> None:
    """Assert that the answer contains nothing that only members of the organization may know."""
    known = (victim.tenant.owner.email, victim.tenant.number, victim.member.email, *map(str, victim.ids.values()))
    assert [text for text in known if text and text in answer.text] == []


async def test_every_page_of_the_application_is_listed(app: Litestar) -> None:
    described = {
        (method, route.path_format)
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        if handler.fn.__module__.startswith("dashboard.")
        for method in handler.http_methods
    }
    expected = {(method, ORGANIZATION + path) for method, path in PAGES} | PERSONAL_PAGES | PUBLIC_PAGES
    assert sorted(described - expected) == [], "add these to the matrix"
    assert sorted(expected - described) == [], "these are gone"


async def test_every_id_in_a_path_exists_in_the_victims_organization(victim: FullTenant) -> None:
    named = set(itertools.chain.from_iterable(re.findall(r"{(\w+)}", path) for _, path in PAGES))
    assert named <= set(path_values_of(victim))


async def test_the_owner_may_use_every_page(database: Database, settings: Settings, new_client: NewClient) -> None:
    """Shows that the refusals below are due to the role: a malformed form would be refused to everybody."""
    make = Factory(database, settings)
    own = await make_full_tenant(database, make)
    client = await sign_in(new_client(), own.tenant.owner)
    async with database.sessions() as session, session.begin():
        await session.execute(sa.text("DELETE FROM upgrade_request WHERE organization_id = :id"), _id_of(own))
    member_id = await _membership_of(database, own)
    names = {**path_values_of(own), "member_id": member_id}
    for operation in (key for key in PAGES if key not in {HAND_OVER, LEAVE}):
        before = await fingerprints(database, own.ids["organization_id"])
        answer = await send_request(client, operation, names)
        if operation[0] != "GET":
            # A change's event gets its number some time after it, and would seem to be written by a later request.
            await assign_sequence_numbers(database)
        after = await fingerprints(database, own.ids["organization_id"])
        is_page = operation in (ASK_TO_ERASE, REVIEW_NUMBER, DOWNLOAD)
        is_refused = operation in (SEND_TEST, SEND_SINCE, SEND_ONE, CONNECT)
        expected = {200, 303} if operation[0] == "GET" else {200} if is_page else {400, 409} if is_refused else {303}
        assert answer.status_code in expected, (operation, answer.text)
        is_idle = operation in (ASK_TO_ERASE, REVIEW_NUMBER, LEAVE_VOICEMAIL, CALL_BACK, MISSED_MAILS)
        changes_nothing = operation[0] == "GET" or is_refused or is_idle
        assert (before == after) is changes_nothing, operation


@EACH_PAGE
async def test_a_foreign_organization_is_answered_like_an_unknown_one(
    clients: Clients, database: Database, victim: FullTenant, operation: Operation
) -> None:
    before = await fingerprints(database, victim.ids["organization_id"])
    real_names, other_names = path_values_of(victim), random_names(victim)
    for who in (*OUTSIDERS, "anonymous", *KEYS):
        real = await send_request(clients[who], operation, real_names)
        assert visible_answer(real, real_names) == visible_answer(
            await send_request(clients[who], operation, other_names), other_names
        ), who
        if who in OUTSIDERS:
            assert real.status_code == 404, who
        else:
            assert real.status_code == 303, who
            assert real.headers["location"].startswith("/login?next="), who
        assert_discloses_nothing(victim, real)
    assert await fingerprints(database, victim.ids["organization_id"]) == before


@pytest.mark.parametrize(
    "operation", [operation for operation in sorted(PAGES) if "_id}" in operation[1]], ids=" ".join
)
async def test_a_foreign_id_in_ones_own_organization_is_answered_like_an_unknown_one(
    clients: Clients, database: Database, victim: FullTenant, stranger: FullTenant, operation: Operation
) -> None:
    own = {"slug": stranger.tenant.organization.slug}
    before = await fingerprints(database, victim.ids["organization_id"])
    real_names, other_names = {**path_values_of(victim), **own}, {**random_names(victim), **own}
    real = await send_request(clients["owner of another organization"], operation, real_names)
    other = await send_request(clients["owner of another organization"], operation, other_names)

    assert real.status_code == 404
    assert visible_answer(real, real_names) == visible_answer(other, other_names)
    assert_discloses_nothing(victim, real)
    assert await fingerprints(database, victim.ids["organization_id"]) == before


@pytest.mark.parametrize("operation", [key for key in sorted(PAGES) if key != LEAVE], ids=" ".join)
async def test_a_lower_role_is_refused_and_changes_nothing(
    clients: Clients, database: Database, victim: FullTenant, operation: Operation
) -> None:
    names, at_least = path_values_of(victim), PAGES[operation].at_least
    other_names = {**random_names(victim), "slug": names["slug"]}
    before = await fingerprints(database, victim.ids["organization_id"])
    for who, role in (("member", Role.MEMBER), ("admin", Role.ADMIN)):
        if role.rank < at_least.rank:
            answer = await send_request(clients[who], operation, names)
            assert answer.status_code == 403, who
            if operation != REMOVE:
                assert visible_answer(answer, names) == visible_answer(
                    await send_request(clients[who], operation, other_names), other_names
                ), who
        elif operation[0] == "GET":
            assert (await send_request(clients[who], operation, names)).status_code in {200, 303}, who
    assert await fingerprints(database, victim.ids["organization_id"]) == before


async def test_a_session_of_another_person_cannot_be_ended(
    clients: Clients, database: Database, victim: FullTenant, new_client: NewClient
) -> None:
    theirs = await sign_in(new_client(), victim.tenant.owner)
    async with database.sessions() as session:
        mine = sa.select(LoginSession.id).where(LoginSession.user_id == victim.tenant.owner.id)
        session_id = (await session.scalars(mine)).first()
    assert session_id is not None
    answers = []
    for one in (session_id, uuid4()):
        client = clients["owner of another organization"]
        form = {"csrf_token": client.cookies["csrftoken"]}
        answer = await client.post(f"/account/sessions/{one}/end", data=form)
        answers.append(visible_answer(answer, {"session_id": one}))

    assert answers[0] == answers[1]
    assert (await theirs.get("/api/session")).status_code == 200


async def test_an_organization_of_others_cannot_be_restored(
    clients: Clients, database: Database, settings: Settings
) -> None:
    deleted = await make_full_tenant(database, Factory(database, settings))
    organization_id = deleted.ids["organization_id"]
    async with database.sessions() as session, session.begin():
        name = deleted.tenant.organization.name
        await OrganizationService(session).soft_delete(organization_id, by=SYSTEM, confirmation=name)
    before = await fingerprints(database, organization_id)
    client = clients["owner of another organization"]
    form = {"csrf_token": client.cookies["csrftoken"]}
    answers = [
        visible_answer(await client.post(f"/dashboard/new/restore/{one}", data=form), {"organization_id": one})
        for one in (organization_id, uuid4())
    ]

    assert answers[0] == answers[1]
    assert answers[0][0] == 404
    assert await fingerprints(database, organization_id) == before


def _id_of(full_tenant: FullTenant) -> dict[str, UUID]:
    return {"id": full_tenant.ids["organization_id"]}


async def _membership_of(database: Database, full_tenant: FullTenant) -> UUID:
    """Return the membership id of the plain member, the subject of all forms about members."""
    query = sa.text("SELECT id FROM membership WHERE organization_id = :id AND user_id = :user_id")
    async with database.sessions() as session:
        found = await session.scalar(query, {**_id_of(full_tenant), "user_id": full_tenant.member.id})
    assert isinstance(found, UUID)
    return found
