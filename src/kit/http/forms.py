"""HTML forms: parses the body of a form with a limited number of fields, and assigns errors to its fields."""

from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from litestar import Request

from kit.errors import DomainError, MalformedRequest, UnsupportedMediaType, ValidationFailed
from kit.text import is_valid_text

FORM_BYTES = 65_536
FORM_FIELDS = 200
_MEDIA_TYPE = "application/x-www-form-urlencoded"
_CSRF_FIELD = "csrf_token"


class UnexpectedFields(MalformedRequest):
    """A form has fields that its page does not have."""

    def __init__(self, names: Collection[str]) -> None:
        super().__init__("The form has a field that is not asked for here")
        self.names = names


class Form(msgspec.Struct, frozen=True):
    """The values of a form's fields, and their errors."""

    values: Mapping[str, str] = {}
    errors: Mapping[str, str] = {}
    """An error message for each field; the empty name stands for the whole form."""

    def __getitem__(self, field: str) -> str:
        return self.values.get(field, "")

    def refused(self, error: DomainError) -> "Form":
        """This form with the messages of ``error`` at its fields; each message about a field is on a separate line."""
        if not isinstance(error, ValidationFailed):
            return Form(self.values, {"": error.message})
        # A message about a field that the form does not have is assigned to the whole form: else it is not shown.
        assigned = [(field if field in self.values else "", message) for field, message in error.errors]
        messages_by_field: dict[str, dict[str, None]] = {}
        for field, message in assigned:
            messages_by_field.setdefault(field, {})[message] = None
        return Form(self.values, {field: "\n".join(messages) for field, messages in messages_by_field.items()})


def is_form(headers: Mapping[str, str]) -> bool:
    """True when the body has the media type of an HTML form."""
    return headers.get("content-type", "").split(";", 1)[0].strip().lower() == _MEDIA_TYPE


def parse_form(body: bytes) -> list[tuple[str, str]]:
    """The fields of a form's body, in order. Raises: MalformedRequest."""
    try:
        return parse_qsl(
            body.decode(), keep_blank_values=True, max_num_fields=FORM_FIELDS, encoding="utf-8", errors="strict"
        )
    except ValueError as error:
        raise MalformedRequest("The form could not be read") from error


async def read_form(request: Request[Any, Any, Any], *fields: str) -> Form:
    """Read the form of ``request``. Raises: as ``form_of``."""
    return form_of(request.headers, await request.body(), *fields)


def form_of(headers: Mapping[str, str], body: bytes, *fields: str) -> Form:
    """Parse the form in ``body``; a field that was not sent is empty.

    Raises:
        UnsupportedMediaType: the body is not a form.
        MalformedRequest: it cannot be parsed, or has a field twice.
        UnexpectedFields: it has fields that are not among ``fields``.
    """
    if not is_form(headers):
        raise UnsupportedMediaType("Send a form")
    sent = [(name, value) for name, value in parse_form(body) if name != _CSRF_FIELD]
    values = dict(sent)
    if len(values) < len(sent):
        raise MalformedRequest("The form has a field twice")
    if unexpected := values.keys() - set(fields):
        raise UnexpectedFields(unexpected)
    return Form({field: values.get(field, "") for field in fields})


def ensure_valid_text(form: Form) -> None:
    """Check that all texts can be stored. Raises: ValidationFailed, with each field whose text cannot."""
    errors = [
        (name, "Control characters are not allowed") for name, text in form.values.items() if not is_valid_text(text)
    ]
    if errors:
        raise ValidationFailed(errors)
