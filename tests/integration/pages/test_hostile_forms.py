"""What people or programs may put into any field of any form: refused beside the field or kept as typed, and inert."""

from collections.abc import Mapping

import httpx
import pytest

from conftest import NewClient
from factories import Factory, sign_in
from furnished import furnish
from kit.csrf import HEADER
from kit.db import Database
from kit.forms import FORM_BYTES
from kit.settings import Settings
from markup import FoundForm, Markup
from pages import errors_of

pytestmark = pytest.mark.anyio

PLANTED = "x-planted"
HOSTILE: Mapping[str, str] = {
    "markup": f"\"'><{PLANTED} onload=alert(1)></textarea></title><{PLANTED}>",
    "template": "{{ 'PLAN' ~ 'TED_BY' }}{% raw %}${'PLAN' + 'TED_BY'}",
    "formula": '=HYPERLINK("http://evil.example","+1")',
    "line breaks": "one\r\nSet-Cookie: planted=1\r\n\r\ntwo",
    "nul": "a\x00b",
    "right to left": "\u202egnirts\u2066x",
    "four bytes": "\U0001f4de\U00020bb7\U0010fffd",
    "long": "x" * 10_000,
    "digits": "9" * 400,
    "not a number": "NaN",
    "below nothing": "-1",
    "empty": "",
    "spaces": " \u00a0\u3000 ",
}
OF_ANYBODY = ("/signup", "/login", "/forgot-password")
OF_OWNERS = (
    "/account",
    "/dashboard/new",
    "/dashboard/{slug}/settings",
    "/dashboard/{slug}/settings/embed-tokens/{token_id}",
    "/dashboard/{slug}/settings/organization/country",
    "/dashboard/{slug}/settings/organization/delete",
    "/dashboard/{slug}/calls",
    "/dashboard/{slug}/audit",
)
EACH_PAGE = pytest.mark.parametrize("page", [*OF_ANYBODY, *OF_OWNERS])


@pytest.fixture
async def opened(client: httpx.AsyncClient, database: Database, settings: Settings, page: str) -> str:
    """The address of ``page``, which ``client`` may see from now on."""
    if page in OF_ANYBODY:
        await client.get(page)
        return page
    own = await furnish(database, Factory(database, settings))
    await sign_in(client, own.tenant.owner)
    del client.headers[HEADER]  # a form has no headers of its own
    return page.format(slug=own.tenant.organization.slug, **own.ids)


async def forms_of(client: httpx.AsyncClient, address: str) -> list[FoundForm]:
    """The forms of the page that somebody fills in, with where they go."""
    answer = await client.get(address)
    assert answer.status_code == 200
    found = [form for form in Markup(answer.text).forms if form.typed]
    for form in found:
        form.action = form.action or address
    assert found, f"{address} has no form"
    return found


async def send(client: httpx.AsyncClient, form: FoundForm, fields: Mapping[str, str]) -> httpx.Response:
    if form.method == "get":
        return await client.get(form.action, params=dict(fields))
    return await client.post(form.action, data=dict(fields))


def harm_in(answer: httpx.Response) -> str | None:
    """What the value did that no value may do; None when it did nothing."""
    if answer.status_code >= 500:
        return f"answers {answer.status_code}"
    if PLANTED in Markup(answer.text).tags or "PLANTED_BY" in answer.text:
        return "is not inert"
    return "sets a cookie" if "planted" in answer.cookies else None


def fault_of_refusal(answer: httpx.Response, form: FoundForm, name: str, sent: str) -> str | None:
    """What is wrong with the page that refuses ``sent`` in field ``name``; None when nothing is."""
    again = [one for one in Markup(answer.text).forms if one.action == form.action and name in one.fields]
    if not again:
        return "is refused on a page without the form"
    if not errors_of(answer.text) and 'role="alert"' not in answer.text:
        return "is refused without a word"
    # A choice that does not exist cannot be shown chosen, and passwords are never sent back.
    is_kept = any(one.fields[name] == sent for one in again)
    return None if is_kept or name in form.choices or "password" in name else f"is not kept: {again[0].fields[name]!r}"


@EACH_PAGE
async def test_no_value_in_any_field_breaks_anything(client: httpx.AsyncClient, opened: str) -> None:
    wrong: list[str] = []
    for form in await forms_of(client, opened):
        # In every field at once, each judged by itself: one by one they take minutes.
        names = sorted(form.typed)
        for kind, value in HOSTILE.items():
            answer = await send(client, form, {**form.fields, **dict.fromkeys(names, value)})
            found = [harm_in(answer)]
            if answer.status_code == 400:
                found += (fault_of_refusal(answer, form, name, value) for name in names)
            wrong += (f"{form.method} {form.action}: {kind} in {names} {what}" for what in found if what)
        # What the page lists by now includes what was accepted.
        if what := harm_in(await client.get(opened)):
            wrong.append(f"{opened} {what} after {form.action}")
    assert wrong == []


@EACH_PAGE
async def test_a_form_that_is_not_ours_or_not_whole_is_refused(
    client: httpx.AsyncClient, opened: str, new_client: NewClient
) -> None:
    other = new_client()
    await other.get("/login")
    wrong: list[str] = []
    for form in await forms_of(client, opened):
        if form.method == "get":
            continue
        body = httpx.QueryParams(form.fields)
        name = sorted(form.typed)[0]
        for kind, content, media_type, expected in (
            ("no token", body.remove("csrf_token"), None, 403),
            ("a token of another browser", body.set("csrf_token", other.cookies["csrftoken"]), None, 403),
            ("a read-only field", body.set("organization_id", "1").set("plan", "enterprise"), None, 400),
            ("a field twice", body.add(name, "a").add(name, "b"), None, 400),
            ("bytes that are no text", f"{body}&{name}=%ff%fe", None, 400),
            ("too much", body.set(name, "x" * FORM_BYTES), None, 413),
            ("JSON", "{}", "application/json", 403),
            ("no body", "", None, 403),
        ):
            headers = {"content-type": media_type or "application/x-www-form-urlencoded"}
            answer = await client.post(form.action, content=str(content), headers=headers)
            if answer.status_code != expected or not answer.headers["content-type"].startswith("text/html"):
                wrong.append(f"{form.action}: {kind} answers {answer.status_code}, not {expected}")
    assert wrong == []
