"""HTML forms: reads a bounded body into named texts, and puts each error beside its field."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from litestar import Request

from kit.errors import DomainError, MalformedRequest, UnsupportedMediaType, ValidationFailed
from kit.text import is_valid_text

FORM_BYTES = 65_536
FORM_FIELDS = 200
_TYPE = "application/x-www-form-urlencoded"
_FIELD_OF_TOKEN = "csrf_token"  # noqa: S105 - a field's name


class Form(msgspec.Struct, frozen=True):
    """What was typed into a form, and what is wrong with it."""

    values: Mapping[str, str] = {}
    errors: Mapping[str, str] = {}
    """A sentence by field; under the empty name what is about the form as a whole."""

    def __getitem__(self, field: str) -> str:
        return self.values.get(field, "")

    def refused(self, error: DomainError) -> "Form":
        """This form with the sentences of ``error`` beside its fields."""
        if not isinstance(error, ValidationFailed):
            return Form(self.values, {"": error.message})
        # A sentence about a field that the form does not have would be seen nowhere: it goes to the top.
        found = {field if field in self.values else "": message for field, message in reversed(error.errors)}
        return Form(self.values, found)


def is_form(headers: Mapping[str, str]) -> bool:
    """True when the body is what an HTML form sends."""
    return headers.get("content-type", "").split(";", 1)[0].strip().lower() == _TYPE


def parse_form(body: bytes) -> list[tuple[str, str]]:
    """The fields of a form's body in their order. Raises: MalformedRequest."""
    try:
        return parse_qsl(
            body.decode(), keep_blank_values=True, max_num_fields=FORM_FIELDS, encoding="utf-8", errors="strict"
        )
    except ValueError as error:
        raise MalformedRequest("The form could not be read") from error


async def read_form(request: Request[Any, Any, Any], *fields: str) -> Form:
    """The form of ``request``; as ``form_of``."""
    return form_of(request.headers, await request.body(), *fields)


def form_of(headers: Mapping[str, str], body: bytes, *fields: str) -> Form:
    """The form in ``body``; a field that was not sent is empty.

    Raises:
        UnsupportedMediaType: the body is no form.
        MalformedRequest: it cannot be read, has a field twice, or has one that is not among ``fields``.
    """
    if not is_form(headers):
        raise UnsupportedMediaType("Send a form")
    sent = [(name, value) for name, value in parse_form(body) if name != _FIELD_OF_TOKEN]
    values = dict(sent)
    if len(values) < len(sent) or not values.keys() <= set(fields):
        raise MalformedRequest("The form has a field that is not asked for here")
    return Form({field: values.get(field, "") for field in fields})


def ensure_valid_text(form: Form) -> None:
    """Raises: ValidationFailed, naming each field whose text cannot be stored."""
    wrong = [
        (name, "Control characters are not allowed") for name, text in form.values.items() if not is_valid_text(text)
    ]
    if wrong:
        raise ValidationFailed(wrong)
