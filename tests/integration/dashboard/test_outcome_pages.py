"""The dashboard's outcomes: the list in the settings, the form of a call with its history, filters and the report."""

import html
import re

import httpx
import pytest

from calls.outcomes.rules import Outcome
from calls.outcomes.services import OutcomeService
from kit.actor import SYSTEM
from kit.db.database import Database
from support.call_factory import add_call
from support.factories import Factory, Tenant, Token, sign_in
from support.html_parser import ParsedPage
from support.page_session import post_form
from tenants.models import Role

pytestmark = pytest.mark.anyio
MARKUP = "<script>alert(1)</script>"


def base(tenant: Tenant) -> str:
    return f"/dashboard/{tenant.organization.slug}"


async def save(client: httpx.AsyncClient, tenant: Tenant, fields: dict[str, str]) -> httpx.Response:
    settings = f"{base(tenant)}/settings"
    return await post_form(client, f"{settings}/organization", f"{settings}/outcomes", fields)


async def put_outcomes(database: Database, tenant: Tenant, *outcomes: Outcome) -> None:
    async with database.sessions() as session, session.begin():
        await OutcomeService(session).replace(tenant.organization.id, outcomes, by=SYSTEM)


def form_values(page: str) -> dict[str, str]:
    """The values of the form with outcome, note and tags."""
    (values,) = (form.fields for form in ParsedPage(page).forms if "note" in form.fields)
    selected = re.search(
        r'<option value="([^"]*)" selected>', page.partition('name="outcome"')[2].partition("</select>")[0]
    )
    return {**values, "outcome": html.unescape(selected[1]) if selected else ""}


async def test_an_admin_edits_the_list_in_its_order(
    owner: httpx.AsyncClient, tenant: Tenant, database: Database
) -> None:
    fields = {
        "outcome-name-0": "Later",
        "outcome-place-0": "2",
        "outcome-colour-0": "#d97706",
        "outcome-name-1": MARKUP,
        "outcome-place-1": "1",
        "outcome-conversation-1": "on",
        "outcome-name-2": " ",
        "outcome-place-2": "3",
    }
    answer = await save(owner, tenant, fields)
    assert answer.status_code == 303, answer.text
    assert answer.headers["location"] == f"{base(tenant)}/settings/organization#outcomes"
    page = (await owner.get(f"{base(tenant)}/settings/organization")).text
    assert "The list is saved. It has 2 outcomes" in page
    assert MARKUP not in page
    assert re.findall(r'name="outcome-name-\d" [^>]*value="([^"]*)"', page) == [
        html.escape(MARKUP),
        "Later",
        "",
        "",
        "",
    ]
    async with database.sessions() as session:
        stored = await OutcomeService(session).list_all(tenant.organization.id)
    assert stored == [Outcome(MARKUP, "#64748b", True), Outcome("Later", "#d97706")]

    for wrong, said in (
        ({"outcome-name-0": "a", "outcome-name-1": "A"}, "There are two outcomes called A"),
        (
            {"outcome-name-0": "a", "outcome-place-0": "first"},
            "A place in the list is a whole number of at most 2 digits",
        ),
    ):
        refused = await save(owner, tenant, wrong)
        assert refused.status_code == 400
        assert said in refused.text
        assert 'name="outcome-name-0" autocomplete="off" dir="auto" value="a"' in refused.text


async def test_a_member_writes_about_a_call_and_sees_who_changed_it(
    client: httpx.AsyncClient, make: Factory, database: Database, tenant: Tenant, token: Token
) -> None:
    await put_outcomes(database, tenant, Outcome("Booked"), Outcome("Later"))
    call = f"{base(tenant)}/calls/{await add_call(database, tenant, token)}"
    member = await make.member(tenant.organization, Role.MEMBER)
    await sign_in(client, member)
    fields = {"outcome": "Booked", "note": f"{MARKUP}\r\n  second line", "tags": "hot\r\n\r\n<b>"}
    answer = await post_form(client, call, call, fields)
    assert (answer.status_code, answer.headers["location"]) == (303, call)
    page = (await client.get(call)).text
    assert "Saved. The outcome is Booked. The call has a note and 2 tags" in page
    assert MARKUP not in page
    assert page.count(f"{html.escape(MARKUP)}\n  second line") == 2
    assert "hot\n&lt;b&gt;</textarea>" in page
    assert f"<bdi>{html.escape(member.email)}</bdi>" in page

    await put_outcomes(database, tenant, Outcome("Later"))
    assert '<option value="Booked" selected>Booked</option>' in (await client.get(call)).text
    refused = await post_form(client, call, call, {"outcome": "Sold", "note": "Kept words", "tags": "x" * 41})
    assert refused.status_code == 400
    assert "Not one of the outcomes: Later" in refused.text
    assert "A tag has at most 40 characters" in refused.text
    assert "Kept words</textarea>" in refused.text


async def test_a_form_that_was_opened_before_changes_only_what_its_person_edited(
    client: httpx.AsyncClient, make: Factory, database: Database, tenant: Tenant, token: Token
) -> None:
    await put_outcomes(database, tenant, Outcome("Booked"), Outcome("Later"))
    call = f"{base(tenant)}/calls/{await add_call(database, tenant, token, tags=['cold'])}"
    await sign_in(client, tenant.owner)
    opened = form_values((await client.get(call)).text)
    assert opened.keys() >= {"shown-outcome", "shown-note", "shown-tags"}
    first = await client.post(call, data={**opened, "outcome": "Booked", "tags": "hot"})
    assert first.status_code == 303, first.text

    later = await client.post(call, data={**opened, "note": "Mine", "tags": "cold\n"})
    assert later.status_code == 409, "the tags were edited in both"
    kept = form_values(later.text)
    assert (kept["outcome"], kept["note"], kept["tags"]) == ("Booked", "Mine", "cold\n")
    assert "Somebody changed this call after you opened it" in later.text
    assert '<dt>Tags</dt><dd class="note" dir="auto">hot</dd>' in later.text
    assert "<dt>Outcome</dt>" not in later.text
    assert '<option value="Booked" selected>' in later.text

    saved = await client.post(call, data={**opened, "note": "Mine"})
    assert saved.status_code == 303, saved.text
    now = form_values((await client.get(call)).text)
    assert (now["outcome"], now["note"], now["tags"]) == ("Booked", "Mine", "hot")
    again = await client.post(call, data=kept)
    assert again.status_code == 303, "the person has seen the other tags"
    now = form_values((await client.get(call)).text)
    assert (now["outcome"], now["note"], now["tags"]) == ("Booked", "Mine", "cold")


async def test_a_note_that_is_too_long_is_refused_and_kept(
    client: httpx.AsyncClient, database: Database, tenant: Tenant, token: Token
) -> None:
    call = f"{base(tenant)}/calls/{await add_call(database, tenant, token)}"
    await sign_in(client, tenant.owner)
    page = (await client.get(call)).text
    assert "At most 5,000 characters" in page
    assert "maxlength" not in page.partition('name="note"')[2].partition(">")[0]
    for note in ("x" * 5001, "\N{PERSON WITH FOLDED HANDS}" * 5_200):
        refused = await post_form(client, call, call, {"note": note})
        assert refused.status_code == 400
        assert f"At most 5,000 characters; this has {len(note):,}" in refused.text
        assert form_values(refused.text)["note"] == note
    full = "W" * 4990 + "\N{PERSON WITH FOLDED HANDS}" * 10
    assert (await post_form(client, call, call, {"note": full})).status_code == 303
    assert form_values((await client.get(call)).text)["note"] == full


async def test_the_list_is_filtered_and_the_report_counts_conversations(
    owner: httpx.AsyncClient, database: Database, tenant: Tenant, token: Token
) -> None:
    await put_outcomes(database, tenant, Outcome("Booked", counts_as_conversation=True), Outcome("Later"))
    await add_call(database, tenant, token, outcome="Booked", to_number="+12125550110", duration=61)
    await add_call(database, tenant, token, outcome="Gone", tags=["hot"], to_number="+12125550111", duration=0)
    await add_call(database, tenant, token, to_number="+12125550112")

    async def shown(**filters: str) -> list[str]:
        page = (await owner.get(f"{base(tenant)}/calls", params=filters)).text
        return re.findall(r'class="row-link"[^>]*><bdi>(.*?)</bdi>', page)

    assert await shown(outcome="Booked") == ["+1 212-555-0110"]
    assert await shown(outcome="Gone", tag="hot") == ["+1 212-555-0111"]
    assert await shown(tag="hot", outcome="Booked") == []
    page = (await owner.get(f"{base(tenant)}/calls", params={"outcome": "Booked"})).text
    assert "export.csv?outcome=Booked" in page

    report = (await owner.get(f"{base(tenant)}/usage")).text
    assert "1 conversations this month" not in report
    assert "1 conversation this month" in report
    usage = (await owner.get(f"/api/organizations/{tenant.organization.id}/usage")).json()["this_month"]
    assert usage["conversations"] == 1
    assert [(row["outcome"], row["counts_as_conversation"], row["minutes"]) for row in usage["by_outcome"]] == [
        ("Booked", True, 2),
        ("Gone", False, 0),
    ]
