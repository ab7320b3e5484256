"""Signed callbacks with any content get an answer, because the carrier signs whatever a browser sends."""

from urllib.parse import urlencode

import httpx
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as profile
from hypothesis import strategies as st

from kit.settings import Settings
from support.callback_client import CallbackClient, identity_of, new_sid
from support.factories import Factory, Token

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
PATHS = ("/voice/outgoing", "/voice/dial-ended", "/voice/status")
NAMES = (
    *("CallSid", "ParentCallSid", "From", "To", "CallStatus", "SequenceNumber", "CallDuration", "Timestamp"),
    *("SipResponseCode", "CallId", "Page", "Metadata", "DialCallStatus", "DialCallSid", "Caller", "OrgId"),
)
SIDS = [new_sid() for _ in range(3)]
ODD = (
    *("", "0", "-1", "1e9", "9" * 40, "٣", "\0", "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16")),
    *("completed", "busy", "in-progress", "dancing", "+12125550147", "911", "client:", "null", "{}", '{"a":"\\u0000"}'),
    *(
        "[" * 1500,
        "Sun, 22 Nov 2026 12:00:00 +0000",
        "Fri, 31 Dec 9999 23:59:59 -2300",
        "Mon, 01 Jan 0001 00:00:00 +2300",
    ),
    *("x" * 5000, "\r\nX: y", "<Dial/>", "%00", "' OR 1=1 --", *SIDS),
)
VALUES = st.sampled_from(ODD) | st.text(st.characters(codec="utf-8"), max_size=40)
FORMS = st.lists(st.tuples(st.sampled_from(NAMES), VALUES), max_size=20)


@pytest.fixture
async def token(make: Factory) -> Token:
    return await make.token(await make.tenant())


@profile(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.sampled_from(PATHS), form=FORMS, is_known=st.booleans())
async def test_any_signed_form_is_answered(
    client: httpx.AsyncClient,
    settings: Settings,
    token: Token,
    path: str,
    form: list[tuple[str, str]],
    is_known: bool,
) -> None:
    if is_known:
        # Else nearly all would end at the first thing that is wrong with them.
        given_names = {name for name, _ in form}
        sound = {"CallSid": SIDS[0], "From": f"client:{identity_of(token.id)}", "CallStatus": "completed"}
        form = [*form, *((name, value) for name, value in sound.items() if name not in given_names)]
    answer = await CallbackClient(client, settings).send(path, form)
    assert answer.status_code in (200, 204), (answer.status_code, answer.content)


@pytest.mark.parametrize("path", PATHS)
async def test_a_form_at_its_limits_is_taken_and_beyond_them_refused(
    client: httpx.AsyncClient, settings: Settings, token: Token, path: str
) -> None:
    callbacks = CallbackClient(client, settings)
    sound = [
        ("CallSid", new_sid()),
        ("From", f"client:{identity_of(token.id)}"),
        ("CallStatus", "ringing"),
        ("To", "911"),
    ]
    padding = [(f"Field{number}", "") for number in range(1000 - len(sound) - 1)]
    assert (await callbacks.send(path, [*sound, *padding])).status_code in (200, 204)
    assert (await callbacks.send(path, [*sound, *padding, ("OneMore", "")])).status_code == 403
    assert len(urlencode([("Big", "x" * 65_536)])) > 65_536
    assert (await callbacks.send(path, [*sound, ("Big", "x" * 65_536)])).status_code == 413


async def test_contradicting_fields_count_once_the_first_of_them(
    client: httpx.AsyncClient, settings: Settings, token: Token, make: Factory
) -> None:
    """All are signed; a browser cannot put a field before the carrier's own."""
    callbacks, stranger = CallbackClient(client, settings), await make.token(await make.tenant())
    mine, theirs = f"client:{identity_of(token.id)}", f"client:{identity_of(stranger.id)}"
    form = [("CallSid", new_sid()), ("From", mine), ("To", "+12125550147"), ("To", "911"), ("From", theirs)]
    answer = await callbacks.send("/voice/outgoing", form)
    assert b">+12125550147</Number>" in answer.content
