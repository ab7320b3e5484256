"""Members of organizations in the back office: list and detail page."""

from admin.base_view import RecordView
from admin.filters import of_organization, parse_id
from tenants.models import Membership


class MembershipView(RecordView, model=Membership):
    identity = "membership"
    name_plural = "Members"
    description = "Who belongs to which organization."
    icon = "account"
    column_list = (
        "role",
        "user_id",
        "organization_id",
        "created_at",
        "id",
    )
    column_details_list = column_list
    filters = {
        "organization_id": of_organization(Membership),
        "user_id": lambda text: Membership.user_id == parse_id(text),
    }
