"""Members of organizations in the back office: list and detail page."""

from admin.base_view import RecordView
from admin.filters import organization_filter, parse_id
from admin.menu import MenuGroup
from tenants.models import Membership


class MembershipView(RecordView, model=Membership):
    identity = "membership"
    name_plural = "Members"
    description = "The users of each organization, with their roles."
    menu_group = MenuGroup.CUSTOMERS
    icon = "members"
    empty_text = "Members appear here when they accept an invitation."
    column_list = (
        "role",
        "user_id",
        "organization_id",
        "created_at",
        "id",
    )
    column_details_list = column_list
    filters = {
        "organization_id": organization_filter(Membership),
        "user_id": lambda text: Membership.user_id == parse_id(text),
    }

    def label(self, key: str) -> str:
        return "Joined" if key == "created_at" else super().label(key)
