"""Hostile text in every field of every form: refused or kept as typed, and inert."""

import re
from collections.abc import Iterator, Mapping, Sequence

import httpx
import pytest

from accounts.models import User
from calls.incoming.answer_settings import Weekday
from calls.limits.limit_names import DEFAULT_LIMITS
from conftest import NewClient
from kit.db.database import Database
from kit.http.csrf import HEADER
from kit.http.forms import FORM_BYTES
from kit.settings import Settings
from support.factories import Factory, sign_in
from support.form_submission import submit
from support.full_tenant import make_full_tenant
from support.html_parser import FoundForm, ParsedPage
from support.mailbox import Mailbox
from support.page_session import errors_of
from support.passwords import PASSWORD
from support.second_factor import enrol
from tenants.settings_paths import SettingsSection

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

PLANTED = "x-planted"
RESET, LOGIN_CODE, ENROLMENT = "/reset-password/{token}", "/login (code)", "/account/second-factor"
"""The pages behind a mailed link, a right password, and the start of two-step sign-in."""
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
EACH_ALONE: Mapping[str, str] = {
    "line breaks and nul": f"{HOSTILE['line breaks']}\x00",
    "long": HOSTILE["long"],
    "below nothing": HOSTILE["below nothing"],
    "spaces": HOSTILE["spaces"],
    # One value with all characters that may be kept as typed.
    "anything": f"\"'><{PLANTED}>{{{{ 'PLAN' ~ 'TED_BY' }}}}=1+1\u202e\U0001f4de",
}
"""Hostile values for the test that makes one field of a form hostile at a time."""
RIGHT: Mapping[str, str] = {
    "email": "somebody@example.com",
    "new_email": "somebody-else@example.com",
    "password": PASSWORD,
    "current_password": PASSWORD,
    "new_password": "a kettle in the fog",
    "code": "000000",
    "destination": "France",
    "blocked_numbers": "+12125550166",
    "customer_name": "Acme Realty",
    "street": "1 Market Street",
    "city": "San Francisco",
    "region": "CA",
    "postal_code": "94105",
    "own_number": "+12125550135",
    "outcome-name-0": "Booked",
}
"""Values of the other fields of a form, by name; fields that are not here keep the page's values."""
REFUSED = frozenset({400, 401, 409, 429})
"""The answers that show the form again."""
LIMITED: Mapping[str, str] = {
    **dict.fromkeys(("name", "own_name", "customer_name", "street", "city", "region", "postal_code", "label"), "x"),
    **dict.fromkeys(("note", "tags", "greeting", "later_greeting", "outcome-name-0"), "x"),
    **dict.fromkeys(("tag", "actor", "locality", "access_token", "new_password"), "x"),
    **dict.fromkeys(("contains", "area_code", "outcome-place-0"), "2"),
    "url": "https://example.com/",
    "allowed_domains": "a.example, ",
}
"""The text that is repeated in a value that is too long, for the fields whose error tells their limit."""
FORMED: Mapping[str, str] = {
    "email": f"{'x' * 60}@{'x' * 60}.{'x' * 60}.{'x' * 60}.example.com",
    "days": ", ".join(f"2027-{month:02}-{day:02}" for month in range(1, 9) for day in range(1, 27)),
    **dict.fromkeys(("number", "blocked_numbers", "own_number", "forward_to", "later_forward_to"), "2" * 33),
    **dict.fromkeys(Weekday, "09:00-10:00, " * 100),
    **dict.fromkeys(("since", "until"), "2" * 41),
    **dict.fromkeys(DEFAULT_LIMITS, "9" * 10),
    "ring_seconds": "9" * 4,
    "destination": "x" * 41,
}
"""Long values of the fields whose error describes their form, or the numbers that they take."""
STORED = frozenset({"password", "current_password", "confirmation", "token", "code", "countries"})
"""Fields whose text is compared with what is stored."""
PUBLIC_PAGES = ("/signup", "/login", "/forgot-password", RESET, LOGIN_CODE)
OWNER_PAGES = (
    "/account",
    ENROLMENT,
    "/dashboard/new",
    *(f"/dashboard/{{slug}}/settings/{section}" for section in SettingsSection),
    "/dashboard/{slug}/settings/embed-tokens/{token_id}",
    "/dashboard/{slug}/settings/organization/country",
    "/dashboard/{slug}/settings/organization/delete",
    "/dashboard/{slug}/calls",
    "/dashboard/{slug}/audit",
)
PAGES_OF_ONE = (
    "/dashboard/{slug}/calls/{call_id}",
    "/dashboard/{slug}/settings/webhooks/{webhook_id}",
)
EACH_PAGE = pytest.mark.parametrize("page", [*PUBLIC_PAGES, *OWNER_PAGES])


@pytest.fixture
async def opened(
    client: httpx.AsyncClient, new_client: NewClient, database: Database, settings: Settings, page: str
) -> str:
    """The URL of ``page``, after ``client`` got the access that the page needs."""
    make = Factory(database, settings)
    if page in (RESET, LOGIN_CODE):
        return await open_sign_in_step(client, new_client, await make.user(), page, settings)
    if page in PUBLIC_PAGES:
        await client.get(page)
        return page
    own = await make_full_tenant(database, make)
    await sign_in(client, own.tenant.owner)
    del client.headers[HEADER]  # a form has no headers of its own
    if page == ENROLMENT:
        await submit(client, page, "/account", password=PASSWORD)
    return page.format(slug=own.tenant.organization.slug, **own.ids)


async def open_sign_in_step(
    client: httpx.AsyncClient, new_client: NewClient, user: User, page: str, settings: Settings
) -> str:
    """Go as far as ``page`` needs: ask for a reset, or give the password of somebody with a second factor."""
    if page == RESET:
        await submit(client, "/forgot-password", email=user.email)
        return await Mailbox(settings, user.email).link()
    await enrol(new_client(), user)
    response = await submit(client, "/login", email=user.email, password=PASSWORD)
    return response.headers["location"]


async def forms_of(client: httpx.AsyncClient, address: str) -> list[FoundForm]:
    """The forms of the page that somebody fills in, with where they go."""
    answer = await client.get(address)
    assert answer.status_code == 200
    # A download has one box to tick, and is refused while another one runs.
    found = [form for form in ParsedPage(answer.text).forms if form.typed and not form.action.endswith("/export")]
    for form in found:
        form.action = form.action or address
    assert found, f"{address} has no form"
    return found


async def send(client: httpx.AsyncClient, form: FoundForm, fields: Mapping[str, str]) -> httpx.Response:
    if form.method == "get":
        return await client.get(form.action, params=dict(fields))
    return await client.post(form.action, data=dict(fields))


def harm_in(answer: httpx.Response, page: ParsedPage) -> str | None:
    """The forbidden effect of the value; None when it had none."""
    if answer.status_code >= 500:
        return f"answers {answer.status_code}"
    if PLANTED in page.tags or "PLANTED_BY" in answer.text:
        return "is not inert"
    return "sets a cookie" if "planted" in answer.cookies else None


def faults_of_refusal(
    answer: httpx.Response, page: ParsedPage, form: FoundForm, sent: Mapping[str, str]
) -> Iterator[str]:
    """The parts that a page which refuses ``sent`` lacks: the reason, or entered values except secrets."""
    again = [
        one for one in page.forms if (one.action or form.action) == form.action and form.typed <= one.fields.keys()
    ]
    if not again:
        yield "is refused on a page without the form"
        return
    if not errors_of(answer.text) and 'role="alert"' not in answer.text:
        yield "is refused without a word"
    # A choice that does not exist cannot be shown chosen.
    for name in sorted(form.typed - form.choices):
        expected = "" if "password" in name or name == "access_token" else sent[name]
        if not any(one.fields[name] == expected for one in again):
            yield f"leaves {again[0].fields[name]!r} in {name}"


@EACH_PAGE
async def test_no_value_in_any_field_breaks_anything(client: httpx.AsyncClient, opened: str) -> None:
    wrong: list[str] = []
    for form in await forms_of(client, opened):
        # In every field at once, each judged by itself: one by one they take minutes.
        names = sorted(form.typed)
        for kind, value in HOSTILE.items():
            # All fields of a filter bar are in one address, which the client sends up to 64 kB long.
            text = value[:4_000] if form.method == "get" else value
            sent = {**form.fields, **dict.fromkeys(names, text)}
            answer = await send(client, form, sent)
            page = ParsedPage(answer.text)
            found = [harm_in(answer, page)]
            if answer.status_code in REFUSED:
                found += faults_of_refusal(answer, page, form, sent)
            wrong += (f"{form.method} {form.action}: {kind} in {names} {what}" for what in found if what)
        # The page now also lists the accepted values.
        after = await client.get(opened)
        if what := harm_in(after, ParsedPage(after.text)):
            wrong.append(f"{opened} {what} after {form.action}")
    assert wrong == []


@EACH_PAGE
async def test_each_field_alone_is_refused_beside_itself_with_the_others_kept(
    client: httpx.AsyncClient, opened: str
) -> None:
    wrong: list[str] = []
    for form in await forms_of(client, opened):
        right = form.fields | {name: value for name, value in RIGHT.items() if name in form.typed - form.choices}
        for name in sorted(form.typed - form.choices):
            for kind, value in EACH_ALONE.items():
                sent = {**right, name: value}
                answer = await send(client, form, sent)
                page = ParsedPage(answer.text)
                found = [harm_in(answer, page)]
                if answer.status_code in REFUSED:
                    found += faults_of_refusal(answer, page, form, sent)
                    found += (f"says what is wrong with {other}" for other in errors_of(answer.text).keys() - {name})
                wrong += (f"{form.action}: {kind} in {name} {what}" for what in found if what)
    assert wrong == []


@pytest.mark.parametrize("page", ["/signup", RESET, *OWNER_PAGES, *PAGES_OF_ONE])
async def test_text_above_its_limit_is_kept_beside_an_error_that_tells_the_limit(
    client: httpx.AsyncClient, opened: str
) -> None:
    assert not re.search(r'name="(?!code")[^"]*"[^>]* maxlength=', (await client.get(opened)).text)
    wrong: list[str] = []
    for form in await forms_of(client, opened):
        right = form.fields | {name: value for name, value in RIGHT.items() if name in form.typed - form.choices}
        for name in sorted(form.typed - form.choices - STORED):
            if re.fullmatch(r"outcome-.*-[1-9]|outcome-colour-0", name):
                continue  # further rows, and fields that are no text
            for value in await long_values(client, form, right, name):
                sent = {**right, name: value}
                answer = await send(client, form, sent)
                found = list(faults_of_refusal(answer, ParsedPage(answer.text), form, sent))
                # The hours of a week have one limit, which the form tells as a whole.
                is_beside = name in errors_of(answer.text) or name in list(Weekday)
                if answer.status_code != 400 or not is_beside:
                    found.append(f"answers {answer.status_code} with {errors_of(answer.text)}")
                wrong += (f"{form.action}: {name} of {len(value)} {what}" for what in found)
    assert wrong == []


async def long_values(client: httpx.AsyncClient, form: FoundForm, right: Mapping[str, str], name: str) -> Sequence[str]:
    """A value that is far too long, and one that is a character longer than the limit of the first one's error."""
    if name not in LIMITED:
        return [FORMED[name]]
    far = (LIMITED[name] * 6_000)[:6_000]
    answer = await send(client, form, {**right, name: far})
    told = re.search(r"[0-9][0-9,]*(?= (?:characters|digits))", errors_of(answer.text).get(name, ""))
    assert told is not None, f"{form.action}: the error of {name} tells no limit: {errors_of(answer.text)}"
    return [far, far[: int(told[0].replace(",", "")) + 1]]


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
