"""A member's phone says whose it is to us alone, and looks like any other."""

import re
from uuid import UUID, uuid4

from widget.client_ids import MemberPhones, new_phone

TOKEN = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
ANN, BOB = uuid4(), uuid4()
PHONES = MemberPhones("s" * 32)


def test_it_leads_back_to_its_member() -> None:
    phone = PHONES.new_of(TOKEN, ANN)
    assert PHONES.may_be_a_members(TOKEN, phone)
    assert PHONES.whose(TOKEN, phone, [BOB, ANN]) == ANN
    assert PHONES.whose(TOKEN, phone, [BOB]) is None


def test_it_has_the_shape_of_any_phone_and_is_another_each_time() -> None:
    drawn = {PHONES.new_of(TOKEN, ANN) for _ in range(20)}
    assert len(drawn) == 20
    assert all(re.fullmatch(r"[0-9a-f]{16}", phone) for phone in (*drawn, new_phone()))


def test_it_means_nothing_with_another_token_or_secret() -> None:
    phone = PHONES.new_of(TOKEN, ANN)
    assert PHONES.whose(uuid4(), phone, [ANN]) is None
    assert MemberPhones("t" * 32).whose(TOKEN, phone, [ANN]) is None


def test_no_digit_can_be_changed() -> None:
    phone = PHONES.new_of(TOKEN, ANN)
    changed = [phone[:at] + digit + phone[at + 1 :] for at in range(16) for digit in "0123456789abcdef"]
    passed = {
        other for other in changed if PHONES.may_be_a_members(TOKEN, other) and PHONES.whose(TOKEN, other, [ANN]) == ANN
    }
    assert passed == {phone}


def test_nearly_every_other_phone_is_told_apart_without_the_members() -> None:
    phone = PHONES.new_of(TOKEN, ANN)
    marks = [f"{phone[:5]}{mark:03x}{phone[8:]}" for mark in range(4096)]
    assert [other for other in marks if PHONES.may_be_a_members(TOKEN, other)] == [phone]
