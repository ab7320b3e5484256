"""TwiML documents and the signature check of the Twilio adapter, without a network."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from carrier.port import Carrier, DialPlan
from carrier.twilio import TwilioCarrier
from kit.settings import load_settings
from sandbox import twiml
from sandbox.twiml_verbs import Dial, DialledNumber, Reject

ACCOUNT = load_settings({}).twilio
CARRIER = TwilioCarrier(ACCOUNT, api_base=None, signaling=None)
ALL_EVENTS = frozenset(("initiated", "ringing", "answered", "completed"))
URLS = (
    "http://localhost:8000/voice/outgoing",
    "https://voice.example.com/voice/status?call=1&x=%2B1",
    "https://voice.example.com:8443/voice/status",
    "https://voice.example.com/",
)
TEXT = st.text(st.characters(codec="utf-8"), max_size=8)


class MultiDict(dict[str, list[str]]):
    """A form with repeated names, in the shape that the library understands."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        super().__init__()
        for name, value in pairs:
            self.setdefault(name, []).append(value)

    def getlist(self, name: str) -> list[str]:
        return self[name]


def test_it_is_a_carrier() -> None:
    assert isinstance(CARRIER, Carrier)
    assert CARRIER.signaling is None


@given(url=st.sampled_from(URLS), form=st.lists(st.tuples(TEXT, TEXT), max_size=6))
def test_the_librarys_signature_is_valid(url: str, form: list[tuple[str, str]]) -> None:
    signature = RequestValidator(ACCOUNT.auth_token).compute_signature(url, MultiDict(form))
    assert CARRIER.signature_is_valid(url, form, signature)
    assert CARRIER.signature_is_valid(url, form[::-1], signature)
    assert CARRIER.signature_is_valid(url, form + form, signature)


@given(url=st.sampled_from(URLS), form=st.lists(st.tuples(TEXT, TEXT), max_size=4), signature=TEXT)
def test_the_verdict_is_the_librarys(url: str, form: list[tuple[str, str]], signature: str) -> None:
    verdict = RequestValidator(ACCOUNT.auth_token).validate(url, MultiDict(form), signature)
    assert CARRIER.signature_is_valid(url, form, signature) == verdict


@pytest.mark.parametrize("seen", ["http://h.example/x", "https://h.example/x/", "https://h.example/x?y=1"])
def test_another_url_is_refused_as_by_the_library(seen: str) -> None:
    validator = RequestValidator(ACCOUNT.auth_token)
    signature = validator.compute_signature("https://h.example/x", {"a": "1"})
    assert not validator.validate(seen, {"a": "1"}, signature)
    assert not CARRIER.signature_is_valid(seen, [("a", "1")], signature)


@pytest.mark.parametrize("signed", ["https://h.example/x", "https://h.example:443/x"])
def test_the_default_port_may_be_written_or_not(signed: str) -> None:
    signature = RequestValidator(ACCOUNT.auth_token).compute_signature(signed, {"a": ""})
    assert CARRIER.signature_is_valid("https://h.example/x", [("a", "")], signature)


def test_a_missing_signature_is_refused() -> None:
    assert not CARRIER.signature_is_valid(URLS[0], [], None)


def test_the_sandbox_reads_the_document_that_dials() -> None:
    plan = DialPlan("+12125550177", "+14155550100", "http://p/status?a=1&b=2", "http://p/ended", 20, 90)
    assert twiml.parse(CARRIER.dial(plan), "http://p/") == (
        Dial(
            numbers=(DialledNumber("+12125550177", None, "http://p/status?a=1&b=2", ALL_EVENTS),),
            caller_id="+14155550100",
            answer_on_bridge=True,
            ring_seconds=20,
            limit_seconds=90,
            action="http://p/ended",
        ),
    )
    assert b"record" not in CARRIER.dial(plan).lower()
    assert twiml.parse(CARRIER.reject(), "http://p/") == (Reject(busy=False),)
    assert twiml.parse(CARRIER.finish(), "http://p/") == ()


@pytest.mark.parametrize("secret", [ACCOUNT.auth_token, "s" * 32, "k" * 32])
@pytest.mark.parametrize("algorithm", ["HMAC_SHA1", "HMAC_SHA256"])
def test_both_auth_tokens_and_the_shared_key_sign_with_both_algorithms(secret: str, algorithm: str) -> None:
    own = msgspec.structs.replace(ACCOUNT, auth_token_secondary="s" * 32, webhook_shared_key="k" * 32)
    carrier = TwilioCarrier(own, api_base=None, signaling=None)
    form, url = [("a", "1"), ("b", "")], "https://voice.example.com/voice/status"
    signature = RequestValidator(secret).compute_signature(url, dict(form), algorithm)
    for header in (None, f"key=webhooks_sharedkey_1,algorithm={algorithm}"):
        assert carrier.signature_is_valid(url, form, signature, header)
    for other in ({"HMAC_SHA1", "HMAC_SHA256"} - {algorithm}) | {"HMAC_MD5", "NONE"}:
        assert not carrier.signature_is_valid(url, form, signature, f"algorithm={other}")
    assert not carrier.signature_is_valid(url, [*form, ("c", "")], signature)


def test_a_secondary_token_that_is_not_set_signs_nothing() -> None:
    url = "https://voice.example.com/voice/status"
    assert not CARRIER.signature_is_valid(url, [], RequestValidator("").compute_signature(url, {}))
