"""Client ids of widgets, signed if they belong to a member: only the server can read the member."""

import re
from uuid import UUID, uuid4

from kit.secret_keys import SecretKeys
from widget.client_ids import SignedClientIds, new_client_id

TOKEN = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
ANN, BOB = uuid4(), uuid4()
CLIENT_IDS = SignedClientIds(SecretKeys("s" * 32))


def test_the_member_of_a_client_id_is_found() -> None:
    client_id = CLIENT_IDS.create(TOKEN, ANN)
    assert CLIENT_IDS.may_be_signed(TOKEN, client_id)
    assert CLIENT_IDS.owner_of(TOKEN, client_id, [BOB, ANN]) == ANN
    assert CLIENT_IDS.owner_of(TOKEN, client_id, [BOB]) is None


def test_a_members_client_id_looks_random_and_differs_each_time() -> None:
    drawn = {CLIENT_IDS.create(TOKEN, ANN) for _ in range(20)}
    assert len(drawn) == 20
    assert all(re.fullmatch(r"[0-9a-f]{16}", client_id) for client_id in (*drawn, new_client_id()))


def test_with_another_token_or_secret_no_member_is_found() -> None:
    client_id = CLIENT_IDS.create(TOKEN, ANN)
    assert CLIENT_IDS.owner_of(uuid4(), client_id, [ANN]) is None
    assert SignedClientIds(SecretKeys("t" * 32)).owner_of(TOKEN, client_id, [ANN]) is None


def test_after_a_change_of_any_digit_no_member_is_found() -> None:
    client_id = CLIENT_IDS.create(TOKEN, ANN)
    changed = [client_id[:at] + digit + client_id[at + 1 :] for at in range(16) for digit in "0123456789abcdef"]
    passed = {
        other
        for other in changed
        if CLIENT_IDS.may_be_signed(TOKEN, other) and CLIENT_IDS.owner_of(TOKEN, other, [ANN]) == ANN
    }
    assert passed == {client_id}


def test_nearly_every_random_client_id_is_recognised_without_reading_the_members() -> None:
    client_id = CLIENT_IDS.create(TOKEN, ANN)
    marks = [f"{client_id[:5]}{mark:03x}{client_id[8:]}" for mark in range(4096)]
    assert [other for other in marks if CLIENT_IDS.may_be_signed(TOKEN, other)] == [client_id]
