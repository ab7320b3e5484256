"""Parsing of submitted HTML forms, and the field beside which each error is shown."""

import pytest

from kit.errors import Conflict, MalformedRequest, ValidationFailed
from kit.http.forms import (
    FORM_FIELDS,
    Form,
    ensure_valid_text,
    parse_form,
)


def test_a_body_is_read_as_utf8_with_blank_values_kept() -> None:
    assert parse_form(b"label=M%C3%BCnchen+Nord&allowed_domains=") == [
        ("label", "München Nord"),
        ("allowed_domains", ""),
    ]


@pytest.mark.parametrize("body", [b"a=%ff", b"\xff=1", b"&".join([b"a=1"] * (FORM_FIELDS + 1))])
def test_a_body_that_cannot_be_read_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedRequest):
        parse_form(body)


def test_a_sentence_goes_beside_its_field_or_to_the_top() -> None:
    form = Form({"label": "x"})
    errors = [("label", "Too long"), ("label", "second"), ("plan", "No such field"), ("label", "Too long")]
    refused = form.refused(ValidationFailed(errors))
    assert refused.errors == {"label": "Too long\nsecond", "": "No such field"}
    assert form.refused(Conflict("Taken")).errors == {"": "Taken"}
    assert refused["label"] == "x"
    assert refused["absent"] == ""


def test_control_characters_are_refused_by_field() -> None:
    with pytest.raises(ValidationFailed) as refused:
        ensure_valid_text(Form({"label": "a\x00b", "note": "line\r\nline"}))
    assert [field for field, _ in refused.value.errors] == ["label"]
