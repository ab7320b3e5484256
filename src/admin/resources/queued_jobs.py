"""Background jobs in the back office: list and detail page."""

from starlette.exceptions import HTTPException

from admin.base_view import RecordView
from admin.menu import MenuGroup
from kit.jobs.models import QueuedJob
from kit.parsing import parse_whole_number

_ID_DIGITS = 18
"""Every number with this many digits fits into PostgreSQL's bigint."""


class QueuedJobView(RecordView, model=QueuedJob):
    identity = "outbox-item"
    name_plural = "Background jobs"
    description = "Mails and call hang-ups waiting to run. Contents are encrypted."
    menu_group = MenuGroup.SYSTEM
    icon = "jobs"
    empty_text = "Jobs appear here until they are done, usually for a few seconds."
    column_list = (
        "kind",
        "attempts",
        "due_at",
        "given_up_at",
        "failure",
        "created_at",
        "id",
    )
    column_details_list = column_list

    def parse_key(self, text: str) -> int:
        try:
            return parse_whole_number(text, max_digits=_ID_DIGITS)
        except ValueError as error:
            raise HTTPException(404) from error
