"""Carrier callbacks without a valid signature get an empty error and store nothing."""

import base64
import hashlib
import hmac
from urllib.parse import urlencode
from uuid import uuid4

import httpx
import pytest

from kit.db.database import Database
from kit.settings import Settings
from support.callback_client import (
    REJECT,
    CallbackClient,
    Pairs,
    identity_of,
    new_sid,
)
from support.db_probe import row_counts
from support.factories import Factory

pytestmark = pytest.mark.anyio
PATHS = pytest.mark.parametrize("path", ["/voice/outgoing", "/voice/dial-ended", "/voice/status"])


@pytest.fixture
async def form(make: Factory, settings: Settings) -> list[tuple[str, str]]:
    """A form that each of the carrier callbacks could act upon."""
    token = await make.token(await make.tenant())
    return [
        ("AccountSid", settings.twilio.account_sid),
        ("CallSid", new_sid()),
        ("CallStatus", "ringing"),
        ("From", f"client:{identity_of(token.id)}"),
        ("To", "+12125550147"),
    ]


def assert_refused(answer: httpx.Response) -> None:
    assert (answer.status_code, answer.content) == (403, b"")


def replaced(form: Pairs, name: str, value: str) -> list[tuple[str, str]]:
    return [(key, value if key == name else kept) for key, kept in form]


@PATHS
async def test_a_forged_request_changes_nothing(
    callbacks: CallbackClient, form: list[tuple[str, str]], database: Database, path: str
) -> None:
    good = callbacks.sign(path, form)
    before = await row_counts(database)

    assert_refused(await callbacks.send_exactly(path, form, {}))
    for signature in ("", "x", good[:-1], good.lower(), good + " ", base64.b64encode(b"0" * 20).decode()):
        assert_refused(await callbacks.send_exactly(path, form, {"x-twilio-signature": signature}))
    signed = {"x-twilio-signature": good}
    for name, _ in form:
        assert_refused(await callbacks.send_exactly(path, replaced(form, name, "tampered"), signed))
    assert_refused(await callbacks.send_exactly(path, form[:-1], signed))
    assert_refused(await callbacks.send_exactly(path, [*form, ("Extra", "")], signed))
    assert_refused(await callbacks.send_exactly(path, [*form, ("To", "+19005550100")], signed))
    assert_refused(await callbacks.send_exactly(f"{path}?x=1", form, signed))

    assert await row_counts(database) == before


@PATHS
async def test_a_signature_for_another_callback_or_server_does_not_count(
    callbacks: CallbackClient, form: list[tuple[str, str]], settings: Settings, path: str
) -> None:
    other = "/voice/status" if path != "/voice/status" else "/voice/outgoing"
    assert_refused(await callbacks.send_exactly(path, form, {"x-twilio-signature": callbacks.sign(other, form)}))
    text = f"https://evil.example{path}" + "".join(name + value for name, value in sorted(form))
    mac = hmac.new(settings.twilio.auth_token.encode(), text.encode(), hashlib.sha1).digest()
    headers = {"x-twilio-signature": base64.b64encode(mac).decode(), "host": "evil.example"}
    forwarded = {"x-forwarded-host": "evil.example", "x-forwarded-proto": "https"}
    assert_refused(await callbacks.send_exactly(path, form, {**headers, **forwarded}))


@PATHS
async def test_another_account_is_not_heard_even_when_signed(
    callbacks: CallbackClient, form: list[tuple[str, str]], database: Database, path: str
) -> None:
    before = await row_counts(database)
    others = (replaced(form, "AccountSid", "AC" + "9" * 32), form[1:], replaced(form, "AccountSid", ""))
    for other in others:
        assert_refused(await callbacks.send_exactly(path, other, {"x-twilio-signature": callbacks.sign(path, other)}))
    assert await row_counts(database) == before


async def test_query_empty_and_repeated_fields_are_part_of_what_is_signed(
    callbacks: CallbackClient, form: list[tuple[str, str]]
) -> None:
    path = "/voice/outgoing?bodySHA256=&a=1%202"
    full = [*form, ("Empty", ""), ("Again", "2"), ("Again", "1"), ("Again", "2"), ("Ünïcode", "naïve 📞")]
    answer = await callbacks.send_exactly(path, full, {"x-twilio-signature": callbacks.sign(path, full)})
    assert answer.status_code == 200
    assert b"<Dial " in answer.content


@PATHS
@pytest.mark.parametrize("content_type", ["application/json", "multipart/form-data; boundary=x", "text/plain", ""])
async def test_other_types_are_not_the_carriers(
    callbacks: CallbackClient, form: list[tuple[str, str]], path: str, content_type: str
) -> None:
    headers = {"x-twilio-signature": callbacks.sign(path, form), "content-type": content_type}
    assert_refused(await callbacks.send_exactly(path, form, headers))


@PATHS
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"=",
        b"&&&&",
        b"AccountSid=%",
        b"AccountSid=%zz&CallSid=%0",
        b"CallSid=%ff%fe",
        b"CallSid=\xff",
        b"CallSid=\x00",
        b"a=1&" * 1500,
        b"a=" + b"x" * 70_000,
        b"{}",
    ],
)
async def test_broken_bodies_are_a_4xx_and_store_nothing(
    callbacks: CallbackClient, database: Database, path: str, body: bytes
) -> None:
    before = await row_counts(database)
    answer = await callbacks.send_body(path, body, {"x-twilio-signature": "x"})
    assert 400 <= answer.status_code < 500
    assert await row_counts(database) == before


@PATHS
@pytest.mark.parametrize(
    "broken", [{}, {"CallSid": "CA"}, {"From": "client:x"}, {"CallStatus": "dancing", "From": "x"}, {"CallSid": "\0"}]
)
async def test_signed_nonsense_stores_nothing_and_is_not_refused(
    callbacks: CallbackClient, database: Database, path: str, broken: dict[str, str]
) -> None:
    before = await row_counts(database)
    answer = await callbacks.send(path, broken)
    assert answer.status_code in (200, 204)
    assert b"<Dial" not in answer.content
    assert await row_counts(database) == before


async def test_a_call_whose_two_identities_differ_is_rejected(
    callbacks: CallbackClient, form: list[tuple[str, str]], database: Database
) -> None:
    before = await row_counts(database)
    caller = dict(form)["From"]
    other = replaced(form, "From", f"client:{identity_of(uuid4())}")
    assert b"<Reject" in (await callbacks.send("/voice/outgoing", [*other, ("Caller", caller)])).content
    assert await row_counts(database) == before
    assert b"<Dial" in (await callbacks.send("/voice/outgoing", [*form, ("Caller", caller)])).content


async def test_escapes_that_are_not_utf8_are_read_with_replacement(
    callbacks: CallbackClient, form: list[tuple[str, str]]
) -> None:
    form = [*form, ("FromCity", "\ufffd")]
    body = urlencode(form).replace("%EF%BF%BD", "%FF").encode()
    signed = {"x-twilio-signature": callbacks.sign("/voice/outgoing", form)}
    assert b"<Dial" in (await callbacks.send_body("/voice/outgoing", body, signed)).content


async def test_a_status_that_we_do_not_know_changes_nothing(callbacks: CallbackClient, database: Database) -> None:
    before = await row_counts(database)
    answer = await callbacks.send("/voice/status", {"CallSid": new_sid(), "CallStatus": "queued"})
    assert answer.status_code == 204
    assert await row_counts(database) == before


async def test_a_well_formed_stranger_is_rejected(callbacks: CallbackClient, database: Database) -> None:
    before = await row_counts(database)
    form = {"CallSid": new_sid(), "From": f"client:w_{'0' * 32}_{'0' * 16}", "To": "+12125550147"}
    answer = await callbacks.send("/voice/outgoing", form)
    assert (answer.status_code, answer.content) == (200, REJECT)
    assert await row_counts(database) == before


@PATHS
async def test_a_callback_takes_posts_only(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 405


async def test_the_carriers_way_out_turns_the_call_away_and_stores_nothing(
    client: httpx.AsyncClient, callbacks: CallbackClient, database: Database, form: list[tuple[str, str]]
) -> None:
    """The carrier requests this URL when the voice URL fails. The answer needs neither the form nor the database."""
    before = await row_counts(database)
    for answer in (await callbacks.send("/voice/unavailable", form), await client.post("/voice/unavailable")):
        assert (answer.status_code, answer.content) == (200, REJECT)
        assert answer.headers["content-type"].startswith("text/xml")
    assert await row_counts(database) == before
