"""The id that a browser will give a kit's extension is known before the kit is downloaded."""

import re
from uuid import UUID

from integrations.extension import id_of, key_of, origin_of
from widget.domains import parse_allowed_domains

ONE, OTHER = UUID(int=1), UUID(int=2)


def test_a_tokens_extension_keeps_its_key_and_no_other_token_has_it() -> None:
    assert key_of(ONE) == key_of(ONE)
    assert key_of(ONE) != key_of(OTHER)


def test_its_origin_can_be_listed_as_an_allowed_domain() -> None:
    assert re.fullmatch(r"[a-p]{32}", id_of(ONE))
    assert parse_allowed_domains(origin_of(ONE)) == (origin_of(ONE),)
