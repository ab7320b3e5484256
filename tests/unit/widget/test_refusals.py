"""The table of refusals (widget/refusals.py) has a row for each code that refuses a request or call, and no other."""

import ast
import inspect
from types import ModuleType
from typing import Any

import pytest

from calls.errors import CallRefused
from calls.limits import admission_service, call_duration
from calls.limits import rules as calling_rules
from calls.models import ImposedEnd
from kit import e164
from kit.errors import DomainError, MethodNotAllowed, Unavailable
from kit.http import asgi
from phone_numbers import from_numbers
from tenants import rules as tenant_rules
from widget import page_admission, public_endpoint, token_auth
from widget.refusals import REFUSALS, Occasion, refusal_message

SHARED_RULES = (
    tenant_rules.ensure_not_suspended,
    tenant_rules.ensure_widget_plan,
    tenant_rules.ensure_phone_number,
)
REQUEST_SOURCES = (token_auth, page_admission, public_endpoint, asgi, *SHARED_RULES)
CALL_SOURCES = (calling_rules, call_duration, admission_service, from_numbers, e164, *SHARED_RULES)


def raised_in(source: Any) -> set[type[DomainError]]:
    """The domain errors that a module or function raises."""
    module: ModuleType | None = source if inspect.ismodule(source) else inspect.getmodule(source)
    raised = set()
    for node in ast.walk(ast.parse(inspect.getsource(source))):
        if isinstance(node, ast.Raise) and node.exc is not None:
            name = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            error = getattr(module, name.id, None) if isinstance(name, ast.Name) else None
            if inspect.isclass(error) and issubclass(error, DomainError):
                raised.add(error)
    return raised


def codes_of(*sources: Any) -> set[str]:
    return {error.code for source in sources for error in raised_in(source)}


def codes_for(occasion: Occasion) -> set[str]:
    return {row.code for row in REFUSALS.values() if occasion in row.occasions}


def test_each_code_of_a_request_has_a_row() -> None:
    assert codes_of(*REQUEST_SOURCES) | {Unavailable.code, MethodNotAllowed.code} == codes_for(Occasion.REQUEST)


def test_each_code_of_a_call_has_a_row() -> None:
    """``destination_not_allowed`` stands in older records and is the code of what the two others do not name."""
    expected = codes_of(*CALL_SOURCES) | {Unavailable.code, "destination_not_allowed"}
    assert expected == codes_for(Occasion.CALL)


def test_each_imposed_end_has_a_row() -> None:
    assert set(ImposedEnd) == codes_for(Occasion.END)


def test_names_in_lists_differ() -> None:
    assert len({row.label for row in REFUSALS.values()}) == len(REFUSALS)


def test_links_lead_to_the_settings_or_the_guide() -> None:
    assert REFUSALS["country_not_enabled"].link("acme") == "/dashboard/acme/settings/calling-rules"
    assert REFUSALS["emergency_number"].link("acme") == "/docs/widget-integration#errors"


def subclasses(of: type[DomainError]) -> set[type[DomainError]]:
    return {of, *(below for error in of.__subclasses__() for below in subclasses(error))}


@pytest.mark.parametrize("code", sorted(REFUSALS))
def test_sentences_and_advice_are_complete(code: str) -> None:
    row = REFUSALS[code]
    assert row.code == code
    assert row.message
    assert not row.message.endswith(".")
    assert row.advice.endswith(".")
    assert row.occasions


def test_errors_and_rows_have_the_same_sentences() -> None:
    raised = {error for source in (*REQUEST_SOURCES, *CALL_SOURCES) for error in raised_in(source)}
    raised |= subclasses(CallRefused) - {CallRefused}
    assert {error for error in raised if error.message != REFUSALS[error.code].message} == set()


def test_a_code_without_a_row_has_no_sentence() -> None:
    assert refusal_message("busy") is None
    assert refusal_message(None) is None
