"""Parsing of the forms in the carrier's callbacks about outgoing calls and about statuses of legs."""

import datetime as dt
import json
from uuid import UUID

import pytest

from calls.callback_forms import parse_form, parse_outgoing_call, parse_status_callback
from calls.errors import InvalidCallback

TOKEN = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
SID = "CA" + "a" * 32
CHILD = "CA" + "b" * 32
OUTGOING = {"CallSid": SID, "From": f"client:w_{TOKEN.hex}_{'0' * 16}", "To": "+12125550147"}
EVENT = {
    "CallSid": CHILD,
    "ParentCallSid": SID,
    "CallStatus": "completed",
    "SequenceNumber": "3",
    "CallDuration": "6",
    "SipResponseCode": "200",
    "Timestamp": "Sun, 22 Nov 2026 12:00:00 +0000",
}


def test_a_form_with_too_many_fields_is_refused() -> None:
    assert len(parse_form(b"&".join(b"a=%d" % n for n in range(1000)))) == 1000
    with pytest.raises(InvalidCallback):
        parse_form(b"&".join(b"a=%d" % n for n in range(1001)))


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"a=%ff", "\ufffd"),
        (b"a=\xff", "\ufffd"),
        ("a=ü".encode(), "ü"),
        (b"a=%c3%28", "\ufffd("),
        (b"a=%zz", "%zz"),
        (b"a=%", "%"),
    ],
)
def test_bytes_that_are_not_utf8_are_replaced(body: bytes, value: str) -> None:
    assert parse_form(body) == [("a", value)]


def test_empty_and_repeated_fields_are_kept() -> None:
    assert parse_form(b"a=&a=1&b=%2B1+2") == [("a", ""), ("a", "1"), ("b", "+1 2")]


@pytest.mark.parametrize(
    "identity",
    [
        "",
        TOKEN.hex,
        f"w_{TOKEN.hex}_{'0' * 16}",
        f"client:w_{TOKEN.hex}",
        f"client:w_{TOKEN}_{'0' * 16}",
        f"client:w_{TOKEN.hex.upper()}_{'0' * 16}",
        f"client:w_{TOKEN.hex}_{'0' * 17}",
        f"client:w_{TOKEN.hex}_{'0' * 16}\n",
        f"sip:w_{TOKEN.hex}_{'0' * 16}",
        f"client:anonymous,client:w_{TOKEN.hex}_{'0' * 16}",
        "+14155550100",
    ],
)
def test_an_identity_of_another_shape_is_refused(identity: str) -> None:
    with pytest.raises(InvalidCallback):
        parse_outgoing_call({**OUTGOING, "From": identity})


@pytest.mark.parametrize("sid", ["", "CA", "CA" + "A" * 32, "SM" + "a" * 32, SID + "\n", SID + "0"])
def test_a_call_sid_of_another_shape_is_refused(sid: str) -> None:
    with pytest.raises(InvalidCallback):
        parse_outgoing_call({**OUTGOING, "CallSid": sid})
    with pytest.raises(InvalidCallback):
        parse_status_callback({**EVENT, "CallSid": sid})
    if sid:
        with pytest.raises(InvalidCallback):
            parse_status_callback({**EVENT, "ParentCallSid": sid})


def test_empty_fields_are_read_as_absent() -> None:
    without = {name: value for name, value in EVENT.items() if name != "ParentCallSid"}
    assert parse_status_callback({**without, "ParentCallSid": ""})[:2] == parse_status_callback(without)[:2]
    assert parse_outgoing_call({**OUTGOING, "Caller": ""}) == parse_outgoing_call(OUTGOING)


def test_only_the_identity_says_who_calls() -> None:
    chosen = {"CallerId": "+1900", "callerId": "+1900", "OrgId": "x", "TokenId": str(UUID(int=1))}
    assert parse_outgoing_call({**OUTGOING, **chosen}) == parse_outgoing_call(OUTGOING)
    assert parse_outgoing_call(OUTGOING).token_id == TOKEN


def test_two_different_identities_are_refused() -> None:
    assert parse_outgoing_call({**OUTGOING, "Caller": OUTGOING["From"]}) == parse_outgoing_call(OUTGOING)
    with pytest.raises(InvalidCallback):
        parse_outgoing_call({**OUTGOING, "Caller": "client:x"})


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ('{"contact": "c-1", "n": [1, 2.5, null, true]}', {"contact": "c-1", "n": [1, 2.5, None, True]}),
        ("{}", {}),
        ("", None),
        ("[1]", None),
        ('"text"', None),
        ("{", None),
        ('{"a": "\\u0000"}', None),
        ('{"a": "\0"}', None),
        ('{"a\\u0000": 1}', None),
        ('{"a": [{"b": "\\u0000"}]}', None),
        ('{"a": "\\\\u0000 \x7f\x85"}', {"a": "\\u0000 \x7f\x85"}),
        ('{"a": "\\ud800"}', None),
        ('{"a": "\ud800"}', None),
        ('{"a": 1e999}', None),
        ('{"a": ' + "[" * 900 + "]" * 900 + "}", None),
        ('{"a": "' + "x" * 2000 + '"}', None),
    ],
)
def test_metadata_is_kept_or_left_out_but_never_a_reason_to_refuse(text: str, kept: object) -> None:
    metadata = parse_outgoing_call({**OUTGOING, "Metadata": text}).metadata
    assert metadata == kept
    assert json.loads(json.dumps(metadata)) == kept


@pytest.mark.parametrize("call_id", ["", "x", "\0", "01890a5d"])
def test_a_call_id_that_is_none_is_left_out(call_id: str) -> None:
    assert parse_outgoing_call({**OUTGOING, "CallId": call_id}).call_id is None


@pytest.mark.parametrize(
    ("page", "kept"),
    [
        ("https://www.mysite.com", "https://www.mysite.com"),
        ("chrome-extension://abc", "chrome-extension://abc"),
        ("https://www.mysite.com/path?secret=1", None),
        ("https://a b", None),
        ("https://a\0b", None),
        ("null", None),
        ("https://" + "x" * 300, None),
    ],
)
def test_the_page_is_kept_when_it_is_an_origin(page: str, kept: str | None) -> None:
    assert parse_outgoing_call({**OUTGOING, "Page": page}).origin == kept


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Grace Hopper", "Grace Hopper"),
        ("  Grace\r\n\tHopper\0 ", "Grace Hopper"),
        ("\u202egnp.exe\u2066", "gnp.exe"),
        ("עדה לאבלייס", "עדה לאבלייס"),
        ("<b>&amp;</b>", "<b>&amp;</b>"),
        ("x" * 201, "x" * 200),
        ("👩‍💻" * 100, ("👩‍💻" * 100)[:200]),
        ("\x1b \u2069", None),
        ("", None),
    ],
)
def test_names_are_one_line_and_long_ones_are_cut(text: str, kept: str | None) -> None:
    outgoing = parse_outgoing_call({**OUTGOING, "Name": text, "Company": text})
    assert (outgoing.name, outgoing.company) == (kept, kept)


@pytest.mark.parametrize(
    ("text", "is_kept"),
    [
        ("204", True),
        ("*9#", True),
        ("0", True),
        ("1" * 20, True),
        ("1" * 21, False),
        ("", False),
        ("12a", False),
        ("1,2", False),
        (" 204", False),
        ("204\n", False),
        ("\0", False),
        ("٢٠٤", False),
        ("=1+1", False),
    ],
)
def test_an_extension_is_kept_or_left_out_but_never_a_reason_to_refuse(text: str, is_kept: bool) -> None:
    assert parse_outgoing_call({**OUTGOING, "Extension": text}).extension == (text if is_kept else None)


@pytest.mark.parametrize(
    ("address", "is_kept"),
    [
        ("https://crm.example.com/contacts/4711?tab=a#b", True),
        ("HTTP://localhost:3000/x", True),
        ("https://münchen.example/%20", True),
        ("https://[::1]/x", True),
        ("javascript:alert(1)", False),
        ("java\nscript:alert(1)", False),
        (" javascript:alert(1)//https://x.example", False),
        ("data:text/html,x", False),
        ("//crm.example.com/x", False),
        ("/contacts/4711", False),
        ("https:crm.example.com", False),
        ("https://", False),
        ("https:///x", False),
        ("https://bank.example@evil.example/", False),
        ("https://[::1/x", False),
        ("https://x.example:99999/", False),
        ("https://x.example/a b", False),
        ('https://x.example/"onclick="x', False),
        ("https://x.example/\u202egnp", False),
        ("https://x.example/\0", False),
        ("https://x.example/" + "a" * 983, False),
        ("", False),
    ],
)
def test_only_an_address_of_a_web_page_is_kept(address: str, is_kept: bool) -> None:
    assert parse_outgoing_call({**OUTGOING, "Url": address}).url == (address if is_kept else None)


def test_an_event_is_read_with_its_legs() -> None:
    parent_sid, leg_sid, event = parse_status_callback(EVENT)
    assert (parent_sid, leg_sid, event.is_child) == (SID, CHILD, True)
    assert (event.kind, event.sequence, event.duration, event.sip_code) == ("completed", 3, 6, 200)
    assert event.occurred_at == dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("CallStatus", "dancing"),
        ("CallStatus", ""),
        ("SequenceNumber", "three"),
        ("SequenceNumber", "9" * 10),
        ("SequenceNumber", "٣"),
        ("CallDuration", "1.5"),
        ("CallDuration", "1e9"),
        ("CallDuration", "-1"),
        ("SipResponseCode", "OK"),
    ],
)
def test_an_event_with_another_word_or_number_is_refused(field: str, value: str) -> None:
    with pytest.raises(InvalidCallback):
        parse_status_callback({**EVENT, field: value})


@pytest.mark.parametrize("timestamp", ["", "yesterday", "Fri, 31 Dec 9999 23:59:59 -2300", "\0"])
def test_an_event_with_an_unreadable_time_happened_now(timestamp: str) -> None:
    before = dt.datetime.now(dt.UTC)
    assert before <= parse_status_callback({**EVENT, "Timestamp": timestamp})[2].occurred_at <= dt.datetime.now(dt.UTC)
