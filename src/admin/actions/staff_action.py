"""``@staff_action``, which makes a staff action of a function that changes one record after a confirmation.

The module of a kind of record defines its actions beside its list and detail page. The decorator takes the text of the
confirmation page, the lowest role and the fields; the function calls the service that makes the change. The service
records the audit event; the reason that the staff member enters is in the ``Actor`` that it gets.
"""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from admin.back_office import BackOffice
from admin.models import StaffRole
from kit.actor import Actor
from kit.http.forms import Form

R = TypeVar("R")


class Field(NamedTuple):
    """An input of the confirmation page besides the reason; with ``options`` it is a select."""

    name: str
    label: str
    options: Sequence[tuple[str, str]] = ()
    """Value and label of each option."""
    hint: str = ""
    type: str = "text"
    """The HTML input type."""
    initial: Callable[[Any], str] | None = None
    """Returns the field's first value for the record."""


class ActionContext(NamedTuple, Generic[R]):
    """The record, the form and the staff member of one run; the reason is part of ``by``."""

    back_office: BackOffice
    record: R
    form: Form
    by: Actor

    def tenant_session(self, organization_id: UUID) -> AbstractAsyncContextManager[AsyncSession]:
        """A transaction of the customers' database role on one organization."""
        return self.back_office.database.tenant_session(organization_id, actor=self.by)

    def user_session(self) -> AbstractAsyncContextManager[AsyncSession]:
        """A transaction of the customers' database role without an organization, for changes of user accounts."""
        return self.back_office.database.tenant_session(None, self.by.id, actor=self.by)

    def staff_session(self) -> AbstractAsyncContextManager[AsyncSession]:
        """A transaction of the staff's database role, for tables that only staff may write."""
        return self.back_office.staff_database.tenant_session(None, self.by.id)


@dataclass(frozen=True, slots=True)
class StaffAction:
    """One action; ``@staff_action`` makes it from a function."""

    slug: str
    """The action's name in the URL path."""
    label: str
    role: StaffRole
    """The lowest role that may run the action."""
    effect: str
    """The effect, as a sentence for the confirmation page."""
    run: Callable[[ActionContext[Any]], Awaitable[str]]
    """Runs the action and returns the notice for the next page."""
    applies: Callable[[Any], bool]
    """True when a record is in a state in which the action can be run."""
    fields: Sequence[Field]
    is_destructive: bool
    bulk_result: str
    """State of a record after the action, like "revoked", for actions on several records of a list; else empty."""
    already_done_text: Callable[[Any], str]
    """Returns the sentence about the state of a record to which the action does not apply."""
    preview: Callable[[ActionContext[Any]], Awaitable[Sequence[str]]] | None
    """Returns sentences about the effect of the entered values; a second page shows them before the action runs."""

    @property
    def is_bulk(self) -> bool:
        """True when the action can be run on several records of a list at once."""
        return bool(self.bulk_result)

    def initial_values(self, record: Any) -> dict[str, str]:
        """The values with which the form for ``record`` opens, by field."""
        return {field.name: field.initial(record) for field in self.fields if field.initial is not None}


def _default_already_done_text(_record: Any) -> str:
    return "Already done, or it does not apply any more"


def staff_action(
    slug: str,
    label: str,
    *,
    role: StaffRole,
    effect: str,
    applies: Callable[[Any], bool],
    fields: Sequence[Field] = (),
    is_destructive: bool = True,
    bulk_result: str = "",
    already_done_text: Callable[[Any], str] = _default_already_done_text,
    preview: Callable[[ActionContext[Any]], Awaitable[Sequence[str]]] | None = None,
) -> Callable[[Callable[[ActionContext[R]], Awaitable[str]]], StaffAction]:
    """Make a staff action of a function that changes one record and returns a notice; see ``StaffAction``."""

    def decorate(run: Callable[[ActionContext[R]], Awaitable[str]]) -> StaffAction:
        return StaffAction(
            slug, label, role, effect, run, applies, fields, is_destructive, bulk_result, already_done_text, preview
        )

    return decorate
