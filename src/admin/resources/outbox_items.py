"""Background jobs in the back office: list and detail page."""

from admin.base_view import RecordView
from kit.jobs.queue import OutboxItem


class OutboxItemView(RecordView, model=OutboxItem):
    identity = "outbox-item"
    name_plural = "Outbox"
    description = "Work that follows a commit, like mails, until it is done. Its content is encrypted."
    icon = "leave"
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
