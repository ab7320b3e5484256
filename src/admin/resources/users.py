"""Customers' user accounts in the back office: list, detail page, and actions: disable, enable, reset second factor."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from starlette.requests import Request

from accounts import mails
from accounts.models import User
from accounts.services import UserService
from admin.actions.staff_action import ActionContext, staff_action
from admin.base_view import RecordView, Section, newest_rows
from admin.filters import starts_with
from admin.formatters import humanize_name
from admin.menu import MenuGroup
from admin.models import StaffRole
from admin.resources.recent_activity import recent_activity
from tenants.models import Membership, Organization


@staff_action(
    "disable",
    "Disable",
    role=StaffRole.OPERATOR,
    effect="This person is signed out everywhere and cannot sign in. Organizations and calls are not affected.",
    applies=lambda user: user.disabled_at is None,
    bulk_result="disabled",
)
async def disable(context: ActionContext[User]) -> str:
    async with context.user_session() as session:
        await UserService(session).disable(context.record.id, by=context.by)
    return f"{context.record.email} is disabled: signed out everywhere, and cannot sign in."


@staff_action(
    "enable",
    "Enable",
    role=StaffRole.OPERATOR,
    effect="This person can sign in again.",
    applies=lambda user: user.disabled_at is not None,
    is_destructive=False,
)
async def enable(context: ActionContext[User]) -> str:
    async with context.user_session() as session:
        await UserService(session).enable(context.record.id, by=context.by)
    return f"{context.record.email} is enabled and can sign in now."


@staff_action(
    "reset-second-factor",
    "Reset second factor",
    role=StaffRole.OPERATOR,
    effect="Two-step sign-in is switched off, passkeys are removed, and this person is signed out everywhere and told "
    "by mail. First make sure that the request really comes from this person.",
    applies=lambda user: user.has_second_factor,
)
async def reset_second_factor(context: ActionContext[User]) -> str:
    back_office = context.back_office
    async with context.user_session() as session:
        totp = back_office.accounts.totp
        user = await UserService(session).reset_second_factor(context.record.id, totp, by=context.by)
        reset_url = f"{back_office.settings.public_url}/forgot-password"
        mail = mails.second_factor_changed(user.email, "switched off by our staff, on request", reset_url)
        await back_office.mailer.send_after_commit(session, mail)
    return (
        f"{user.email} signs in by password alone now, is signed out everywhere, and is being told by mail. Two-step "
        "sign-in and passkeys can be set up again under Account."
    )


class UserView(RecordView, model=User):
    identity = "user"
    name_plural = "Users"
    description = "Customers' user accounts. Staff accounts are listed under Staff."
    menu_group = MenuGroup.CUSTOMERS
    icon = "user"
    empty_text = "Users appear here when they sign up."
    is_exportable = True
    is_view_audited = True
    search_label = "Start of an e-mail address or a name, or ID"
    column_list = (
        "email",
        "name",
        "email_verified_at",
        "totp_enabled_at",
        "has_passkey",
        "disabled_at",
        "created_at",
        "id",
    )
    column_details_list = column_list
    column_sortable_list = ("email",)
    staff_actions = (disable, enable, reset_second_factor)

    def search(self, term: str) -> sa.ColumnElement[bool]:
        text = term.lower()
        return sa.or_(starts_with(User.email, text), starts_with(sa.func.lower(User.name), text))

    def links(self, row: Any) -> Sequence[tuple[str, str]]:
        return [(f"/admin/refusals?user={row.id}", "Why was this refused")]

    def heading(self, row: Any) -> str:
        return str(row.email)

    def record_state(self, row: Any) -> str:
        return f"{row.disabled_at or ''} {row.totp_enabled_at or ''} {row.has_passkey}"

    async def sections(self, request: Request, row: Any) -> Sequence[Section]:
        memberships = (
            sa.select(Organization.id, Organization.name, Membership.role)
            .join(Membership, Membership.organization_id == Organization.id)
            .where(Membership.user_id == row.id)
        )
        rows = await self.fetch(newest_rows(memberships, Membership))
        return [
            Section(
                "Organizations",
                [(f"/admin/organization/details/{found.id}", found.name, humanize_name(found.role)) for found in rows],
                f"/admin/membership/list?user_id={row.id}",
            ),
            await recent_activity(self, row.id),
        ]
