"""The sandbox carrier parses TwiML, session descriptions (SDP) and access tokens, and searches its numbers for sale."""

from collections.abc import Callable

import phonenumbers
import pytest
from twilio.jwt.access_token import AccessToken
from twilio.jwt.access_token.grants import VoiceGrant

from kit.settings import load_settings
from sandbox import access_tokens, number_inventory, twiml
from sandbox.number_inventory import NumberType
from sandbox.sdp import (
    DtmfDecoder,
    codec_of,
    telephone_event_type,
    with_telephone_event,
)
from sandbox.twiml_verbs import Dial

ACCOUNT = load_settings({}).twilio
OFFER = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0 111 110 126\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:110 telephone-event/48000\r\na=rtpmap:126 telephone-event/8000\r\n"  # noqa: E501
ANSWER = "v=0\r\nm=audio 5004 UDP/TLS/RTP/SAVPF 0\r\na=rtpmap:0 PCMU/8000\r\n"


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"<Response>",
        b"<Other/>",
        b"<Response><Dial><Client>x</Client></Dial></Response>",
        b'<Response><Dial timeout="soon">+1</Dial></Response>',
        b'<!DOCTYPE r [<!ENTITY a "b">]><Response><Say>&a;</Say></Response>',
    ],
)
def test_what_is_not_twiml_is_refused(document: bytes) -> None:
    with pytest.raises(twiml.TwimlError):
        twiml.parse(document, "http://p/voice")


def test_relative_urls_and_defaults() -> None:
    (dial,) = twiml.parse(b'<Response><Dial action="/ended">+12125550177</Dial></Response>', "http://p/voice?x=1")
    assert isinstance(dial, Dial)
    assert (dial.first.number, dial.action, dial.first.status_url) == ("+12125550177", "http://p/ended", None)
    assert (dial.ring_seconds, dial.limit_seconds, dial.answer_on_bridge) == (30, 14_400, False)


def test_the_answer_accepts_keypad_tones_at_8_khz() -> None:
    assert telephone_event_type(OFFER) == 126
    answer = with_telephone_event(ANSWER, 126)
    assert "m=audio 5004 UDP/TLS/RTP/SAVPF 0 126\r\n" in answer
    assert answer.endswith("a=rtpmap:126 telephone-event/8000\r\na=fmtp:126 0-16\r\n")
    assert codec_of(answer) == "PCMU"
    assert with_telephone_event(ANSWER, None) == ANSWER


def test_a_keypad_tone_counts_once_and_only_when_it_ends() -> None:
    keypad = DtmfDecoder()
    packets = [(1, b"\x05\x0a\x00\xa0"), (1, b"\x05\x8a\x05\x00"), (1, b"\x05\x8a\x05\x00"), (9, b"\x0b\x8a\x05\x00")]
    assert "".join(keypad.decode(timestamp, payload) for timestamp, payload in packets) == "5#"
    assert keypad.decode(10, b"\x63\x8a\x05\x00") == ""
    assert keypad.decode(11, b"\x05") == ""


def make_token(*, secret: str = ACCOUNT.api_key_secret, ttl: int = 3600, account: str = ACCOUNT.account_sid) -> str:
    token = AccessToken(account, ACCOUNT.api_key_sid, secret, identity="w_1", ttl=ttl)
    token.add_grant(
        VoiceGrant(outgoing_application_sid=ACCOUNT.twiml_app_sid, outgoing_application_params={"tenant": "7"})
    )
    return str(token.to_jwt())


def test_the_librarys_token_is_read() -> None:
    caller = access_tokens.read_access_token(make_token(), ACCOUNT).caller
    assert (caller.identity, caller.application_sid, caller.params) == ("w_1", ACCOUNT.twiml_app_sid, {"tenant": "7"})


@pytest.mark.parametrize(
    ("make", "code"),
    [
        pytest.param(lambda: make_token(ttl=-5), access_tokens.EXPIRED, id="expired"),
        pytest.param(lambda: make_token(secret="x" * 32), access_tokens.BAD_SIGNATURE, id="other key"),
        pytest.param(lambda: make_token(account="AC" + "0" * 32), access_tokens.INVALID, id="other account"),
        pytest.param(
            lambda: AccessToken(ACCOUNT.account_sid, ACCOUNT.api_key_sid, ACCOUNT.api_key_secret).to_jwt(),
            access_tokens.INVALID,
            id="no grant",
        ),
        pytest.param(lambda: "nonsense", access_tokens.INVALID, id="no token"),
        pytest.param(lambda: None, access_tokens.INVALID, id="nothing"),
    ],
)
def test_a_token_the_carrier_would_refuse(make: Callable[[], object], code: int) -> None:
    """Made in the test: a token made while tests are collected may expire before a long run comes to it."""
    with pytest.raises(access_tokens.TokenError) as refused:
        access_tokens.read_access_token(make(), ACCOUNT)
    assert refused.value.code == code


@pytest.mark.parametrize("country", sorted(number_inventory.COUNTRIES))
def test_every_number_for_sale_is_a_valid_number_of_its_country(country: str) -> None:
    offers = list(number_inventory.search(country, None, None))[::37]
    assert offers
    for offer in offers:
        parsed = phonenumbers.parse(offer.e164)
        assert phonenumbers.is_valid_number(parsed)
        assert phonenumbers.region_code_for_number(parsed) == country
        assert number_inventory.find_for_sale(offer.e164) == offer


def test_a_range_for_sale_is_unknown_to_phonenumbers() -> None:
    offer = next(number_inventory.search("GB", None, None, NumberType.MOBILE))
    assert phonenumbers.region_code_for_number(phonenumbers.parse(offer.e164)) is None
    assert number_inventory.find_for_sale(offer.e164) == offer


def test_a_plus_sign_finds_the_beginning_of_a_number() -> None:
    found = {offer.e164[:8] for offer in number_inventory.search("GB", None, "+4420")}
    assert found == {"+4420794"}


@pytest.mark.parametrize(
    ("country", "area", "contains", "first"),
    [
        ("US", "415", None, "+14155550100"),
        ("US", "415", "0**9", "+14155550109"),
        ("US", "212", None, "+12125550100"),
        ("US", "628", "JKLM", None),
        ("US", "628", None, "+16285550100"),
        ("CA", "416", None, "+14165550100"),
        ("US", "416", None, None),
        ("GB", "0161", None, "+441614960000"),
        ("GB", "113", None, "+441134960000"),
    ],
)
def test_numbers_are_found_by_area_and_pattern(
    country: str, area: str | None, contains: str | None, first: str | None
) -> None:
    found = next(number_inventory.search(country, area, contains), None)
    assert (found.e164 if found else None) == first


def test_scripted_far_ends_and_strangers_are_not_for_sale() -> None:
    assert number_inventory.find_for_sale("+12125550102") is None
    assert "+12125550102" not in [offer.e164 for offer in number_inventory.search("US", "212", None)]
    assert number_inventory.find_for_sale("+14155551234") is None
    with pytest.raises(LookupError):
        next(number_inventory.search("ZZ", None, None))
