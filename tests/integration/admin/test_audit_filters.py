"""The back office's audit log: filters by person, organization, action and day, with only ids in the URL."""

import datetime as dt
import secrets
from html import unescape
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx
import pytest
import sqlalchemy as sa

from admin.models import StaffRole
from admin.resources.audit_search import AUDIT_LIST_PATH, AUDIT_SEARCH_PATH, read_actions
from kit.audit import AuditEvent
from kit.clock import utc_now
from kit.db.database import Database
from kit.ids import first_uuid7
from support.factories import Factory
from support.staff import StaffBrowser, make_staff, post, sign_in_to_back_office

pytestmark = pytest.mark.anyio
DAY = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)


@pytest.fixture
async def support(client: httpx.AsyncClient, database: Database) -> StaffBrowser:
    return await sign_in_to_back_office(client, await make_staff(database, StaffRole.SUPPORT))


def event_id(moment: dt.datetime) -> UUID:
    return UUID(int=first_uuid7(moment).int | secrets.randbits(62))


async def listed_subjects(colleague: StaffBrowser, url: str) -> list[str]:
    """The subjects of the events that the list at ``url`` shows, the newest first."""
    page = (await colleague.client.get(url)).text
    return [part.split("<")[0] for part in page.split('data-label="Subject"><bdi>')[1:]]


async def test_filters_combine_and_are_in_the_url_by_id(
    support: StaffBrowser, make: Factory, database: Database
) -> None:
    acme, other = [await make.tenant(name=f"Audited {secrets.token_hex(6)}") for _ in range(2)]
    events = {
        "a": (acme, "plan.tested", DAY),
        "b": (acme, "plan.tested", DAY + dt.timedelta(days=1)),
        "c": (acme, "limit.tested", DAY),
        "d": (other, "plan.tested", DAY),
    }
    async with database.sessions() as session, session.begin():
        for subject, (tenant, action, moment) in events.items():
            owner = tenant.owner
            session.add(
                AuditEvent(
                    id=event_id(moment),
                    organization_id=tenant.organization.id,
                    actor_kind="user",
                    actor_id=owner.id,
                    actor_name=owner.email,
                    action=action,
                    subject_name=subject,
                    created_at=moment,
                )
            )
    person, organization = acme.owner.email, acme.organization.slug
    for fields, expected in (
        ({"person": person.upper()}, ["a", "b", "c"]),
        ({"organization": acme.organization.name, "action": "plan.tested"}, ["a", "b"]),
        ({"organization": organization, "day": "2026-03-02"}, ["a", "c"]),
        ({"person": person, "organization": organization, "action": "plan.tested", "day": "2026-03-02"}, ["a"]),
        ({"person": person, "organization": other.organization.slug}, []),
    ):
        answer = await post(support.client, AUDIT_SEARCH_PATH, **fields)
        url = answer.headers["location"]
        assert "%40" not in url
        assert person not in url
        assert organization not in url
        assert set(parse_qs(urlsplit(url).query)) <= {"actor_id", "organization_id", "action", "day"}
        assert sorted(part for part in await listed_subjects(support, url) if part in events) == expected, fields
    page = unescape((await support.client.get(url)).text)
    assert "No event matches all of these filters." in page
    assert f'value="{person}"' in page
    assert '<option value="plan.tested">Plan tested</option>' in page
    chosen = f"{AUDIT_LIST_PATH}?action=plan.tested&day=2026-03-02"
    page = (await support.client.get(chosen)).text
    assert '<option value="plan.tested" selected>' in page
    assert 'value="2026-03-02"' in page


async def test_a_text_that_matches_none_or_several_is_reported_and_the_others_are_applied(
    support: StaffBrowser, make: Factory
) -> None:
    word = secrets.token_hex(6)
    for _ in range(2):
        await make.tenant(name=f"Twin {word} {secrets.token_hex(3)}")
    fields = {"person": "nobody@nowhere.example", "organization": f"Twin {word}", "day": "yesterday"}
    answer = await post(support.client, AUDIT_SEARCH_PATH, **fields, action="organization.created")
    assert answer.headers["location"] == f"{AUDIT_LIST_PATH}?action=organization.created"
    page = (await support.client.get(answer.headers["location"])).text
    for sentence in (
        "Person: no e-mail starts like this.",
        "Organization: several names start like this; enter the slug or more of the name.",
        "Day: enter a day like 2026-12-31.",
        "The other filters are applied.",
    ):
        assert sentence in page
    for path in (f"{AUDIT_LIST_PATH}?day=yesterday", f"{AUDIT_LIST_PATH}?actor_id=x"):
        assert (await support.client.get(path)).status_code == 404


async def test_staff_are_found_and_actions_come_from_the_log(support: StaffBrowser, database: Database) -> None:
    answer = await post(support.client, AUDIT_SEARCH_PATH, person=support.email)
    page = (await support.client.get(answer.headers["location"])).text
    assert "Session started" in page
    assert f'value="{support.email}"' in page
    async with database.sessions() as session:
        distinct = await session.scalars(sa.select(AuditEvent.action).distinct().order_by(AuditEvent.action))
        assert list(await read_actions(session)) == list(distinct)


async def test_an_index_answers_each_filter(database: Database) -> None:
    async with database.sessions() as session:
        await session.execute(sa.text("SET LOCAL enable_seqscan = off"))
        await session.execute(sa.text("SET LOCAL enable_bitmapscan = off"))
        await session.execute(sa.text("SET LOCAL enable_sort = off"))
        nobody = UUID(int=0)
        for condition, index in (
            (AuditEvent.action == "never.happened", "ix_audit_event_action_id"),
            (AuditEvent.actor_id == nobody, "ix_audit_event_actor_id_id"),
            (AuditEvent.organization_id == nobody, "ix_audit_event_organization_id_id"),
        ):
            newest = sa.select(AuditEvent.id).where(condition).order_by(AuditEvent.id.desc()).limit(51)
            statement = newest.compile(compile_kwargs={"literal_binds": True})
            plan = "\n".join(await session.scalars(sa.text(f"EXPLAIN {statement}")))
            assert index in plan, plan


async def test_other_lists_show_the_filters_of_their_url(support: StaffBrowser, make: Factory) -> None:
    tenant = await make.tenant(name=f"Narrowed {secrets.token_hex(4)}")
    path = f"/admin/call/list?organization_id={tenant.organization.id}"
    page = (await support.client.get(f"{path}&until={utc_now().date()}")).text
    assert f"Organization: <bdi>{tenant.organization.name}</bdi>" in page
    assert f'href="/admin/call/list?until={utc_now().date()}"' in page


async def test_the_viewing_of_an_organization_is_found_by_the_organization(
    support: StaffBrowser, make: Factory
) -> None:
    seen, other = [(await make.tenant(name=f"Viewed {secrets.token_hex(6)}")).organization for _ in range(2)]
    for organization in (seen, other):
        await support.client.get(f"/admin/organization/details/{organization.id}")
    answer = await post(
        support.client, AUDIT_SEARCH_PATH, organization=seen.slug, action="organization.viewed", person=support.email
    )
    page = unescape((await support.client.get(answer.headers["location"])).text)
    assert page.count('data-label="Subject"') == 1
    assert seen.name in page
    assert f'value="{seen.slug}"' in page
    assert other.name not in page
