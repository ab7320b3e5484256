"""Refusals of changes to a call's outcome, note and tags."""

from collections.abc import Sequence

from kit.errors import Conflict


class RemarksChanged(Conflict):
    """Somebody else changed the same fields after they were shown; ``fields`` are their names."""

    code = "remarks_changed"
    message = "Somebody changed this call after you opened it"

    def __init__(self, fields: Sequence[str]) -> None:
        super().__init__()
        self.fields = fields


class CallErased(Conflict):
    """The call's data was erased: nothing may be written about the person any more."""

    code = "call_erased"
    message = "The data of this call was erased, so its outcome, note and tags cannot be changed"


class OutcomeTooLate(Conflict):
    """The call ended more than a day ago: only members and API keys may change it now."""

    code = "outcome_too_late"
    message = "The call ended more than 24 hours ago; change its outcome and note in the dashboard"
