"""Staff accounts in the back office: list, detail page, and actions: change role, disable, reset second factor."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from starlette.requests import Request

from admin.actions.staff_action import ActionContext, Field, staff_action
from admin.base_view import RecordView, Section
from admin.filters import starts_with
from admin.menu import MenuGroup
from admin.models import Staff, StaffRole
from admin.resources.recent_activity import recent_activity
from admin.services import StaffService
from kit.errors import ValidationFailed


@staff_action(
    "change-role",
    "Change role",
    role=StaffRole.ADMIN,
    effect="The new role holds from the next page that this person opens.",
    applies=lambda staff: staff.disabled_at is None,
    fields=[Field("role", "New role", [(role.value, role.value.capitalize()) for role in StaffRole])],
    is_destructive=False,
)
async def change_role(context: ActionContext[Staff]) -> str:
    role = next((role for role in StaffRole if role.value == context.form["role"]), None)
    if role is None:
        raise ValidationFailed([("role", "Choose a role from the list")])
    async with context.staff_session() as session:
        await StaffService(session).change_role(context.record.id, role, by=context.by)
    return f"{context.record.email} has the role {role.value} now."


@staff_action(
    "disable",
    "Disable",
    role=StaffRole.ADMIN,
    effect="This person is signed out everywhere and cannot sign in.",
    applies=lambda staff: staff.disabled_at is None,
)
async def disable(context: ActionContext[Staff]) -> str:
    async with context.staff_session() as session:
        await StaffService(session).disable(context.record.id, by=context.by)
    return f"{context.record.email} is disabled: signed out everywhere, and cannot sign in."


@staff_action(
    "reset-second-factor",
    "Reset second factor",
    role=StaffRole.ADMIN,
    effect="This person is signed out everywhere and sets up a new authenticator app at the next sign-in. First make "
    "sure that the request really comes from this person.",
    applies=lambda staff: staff.has_second_factor,
)
async def reset_second_factor(context: ActionContext[Staff]) -> str:
    async with context.staff_session() as session:
        totp = context.back_office.accounts.totp
        await StaffService(session).reset_second_factor(context.record.id, totp, by=context.by)
    return (
        f"{context.record.email} has no second factor now and is signed out everywhere. The next sign-in asks for "
        "a new authenticator app."
    )


class StaffView(RecordView, model=Staff):
    identity = "staff"
    name_plural = "Staff"
    description = "People who may sign in to the back office. The command epoch staff add EMAIL adds one."
    menu_group = MenuGroup.SYSTEM
    icon = "staff"
    empty_text = "The command epoch staff add EMAIL adds somebody."
    minimum_role = StaffRole.ADMIN
    search_label = "Start of an e-mail address, or ID"
    column_list = (
        "email",
        "role",
        "joined_at",
        "totp_enabled_at",
        "has_passkey",
        "disabled_at",
        "created_at",
        "id",
    )
    column_details_list = column_list
    staff_actions = (change_role, disable, reset_second_factor)

    def search(self, term: str) -> sa.ColumnElement[bool]:
        return starts_with(Staff.email, term.lower())

    def heading(self, row: Any) -> str:
        return str(row.email)

    def record_state(self, row: Any) -> str:
        return f"{row.role.value} {row.disabled_at or ''} {row.totp_enabled_at or ''} {row.has_passkey}"

    async def sections(self, request: Request, row: Any) -> Sequence[Section]:
        return [await recent_activity(self, row.id)]
