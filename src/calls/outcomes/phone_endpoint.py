"""``POST /widget/outcome``: the widget that placed a call sets the call's outcome, note and tags. Write-only."""

from typing import Any
from uuid import UUID

import msgspec

from calls.outcomes.schemas import ChangeCall
from calls.outcomes.services import RemarkService
from kit.db.database import Database
from kit.errors import NotFound, ValidationFailed
from kit.http.problems import field_error
from kit.parsing import parse_uuid
from widget.token_auth import AuthenticatedWidget, WidgetRequest

MAX_BODY_BYTES = 65_536
"""Enough for a note of ``MAX_NOTE_CHARACTERS`` and all tags, in any script."""


class OutcomeRequest(WidgetRequest, frozen=True):
    """The body that a widget sends. Types are checked later, so that an error names its field."""

    outcome: Any = msgspec.UNSET
    note: Any = msgspec.UNSET
    tags: Any = msgspec.UNSET

    def to_change(self) -> ChangeCall:
        """The requested change. Raises: ValidationFailed."""
        given = {"outcome": self.outcome, "note": self.note, "tags": self.tags}
        sent = {name: value for name, value in given.items() if value is not msgspec.UNSET}
        if not sent:
            raise ValidationFailed([("outcome", "Send an outcome, a note or tags")])
        try:
            return msgspec.convert(sent, ChangeCall)
        except msgspec.ValidationError as error:
            raise ValidationFailed([field_error(error)]) from error


class OutcomeHandler:
    """Stores the outcome, note and tags that a widget sends for a call with its token. Made once at start."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def __call__(self, widget: AuthenticatedWidget, request: OutcomeRequest) -> bytes:
        change, call_id = request.to_change(), _call_id(request)
        async with self._database.tenant_session(widget.organization_id) as session:
            service = RemarkService(session)
            await service.change_from_phone(widget.organization_id, widget.token_id, call_id, change.to_remarks())
        return b""


def _call_id(request: WidgetRequest) -> UUID:
    """The widget's id of the call. Raises: NotFound, as for an unknown call."""
    try:
        return parse_uuid(request.call_id or "")
    except ValueError as error:
        raise NotFound from error
