"""The key, id and origin of a kit's Chrome extension."""

import re
from uuid import UUID

from integrations.extension import extension_id, extension_key, extension_origin
from widget.domains import parse_allowed_domains

ONE, OTHER = UUID(int=1), UUID(int=2)


def test_a_tokens_extension_keeps_its_key_and_no_other_token_has_it() -> None:
    assert extension_key(ONE) == extension_key(ONE)
    assert extension_key(ONE) != extension_key(OTHER)


def test_its_origin_can_be_listed_as_an_allowed_domain() -> None:
    assert re.fullmatch(r"[a-p]{32}", extension_id(ONE))
    assert parse_allowed_domains(extension_origin(ONE)) == (extension_origin(ONE),)
