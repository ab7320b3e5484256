"""``/dashboard/<slug>/voicemails/greetings``: recorded greetings, which members leave in mailboxes (voicemail drop)."""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from calls.greetings.audio_decoder_process import MAX_FILE_BYTES, MAX_SECONDS
from calls.greetings.voicemail_greetings import VoicemailGreetingService
from dashboard.guards import requires_membership
from dashboard.pages import redirect, render
from dashboard.recording_names import recording_labels
from kit.errors import NotFound, ValidationFailed
from kit.http.forms import Form, read_form
from tenants.auth import current_member
from tenants.errors import RoleTooLow
from tenants.models import Role

REMOVE_EFFECT = "The greeting is deleted and cannot be restored. To use it again, record or upload it again."
PageRequest = Request[Any, Any, State]


class VoicemailGreetingPages(Controller):
    """The list of voicemail greetings, and the forms that rename and remove one."""

    path = "/dashboard/{slug:str}/voicemails/greetings"
    guards = (requires_membership,)

    @get()
    async def index(self, request: PageRequest, db_session: NamedDependency[AsyncSession]) -> Response[str]:
        """The greetings of the organization and of the signed-in member."""
        return await _render_greetings(request, db_session)

    @post("/{greeting_id:uuid}/name")
    async def rename(
        self,
        request: PageRequest,
        db_session: NamedDependency[AsyncSession],
        slug: FromPath[str],
        greeting_id: FromPath[UUID],
    ) -> Response[str]:
        form, member = await read_form(request, "name"), current_member(request)
        service = VoicemailGreetingService(db_session, member.organization_id, member.actor.user_id)
        try:
            greeting = await service.rename(greeting_id, form["name"], role=member.role, by=member.actor)
        except ValidationFailed as refusal:
            return await _render_greetings(request, db_session, form.refused(refusal), greeting_id)
        return redirect(request, _greetings_url(slug), f"The greeting is named {greeting.name}")

    @get("/{greeting_id:uuid}/remove")
    async def confirm_remove(
        self,
        request: PageRequest,
        db_session: NamedDependency[AsyncSession],
        slug: FromPath[str],
        greeting_id: FromPath[UUID],
    ) -> Response[str]:
        """Confirmation page, for browsers without scripts."""
        member = current_member(request)
        service = VoicemailGreetingService(db_session, member.organization_id, member.actor.user_id)
        greeting = await service.get_changeable(greeting_id, role=member.role)
        return render(
            request,
            "confirm.html",
            title=f"Remove the greeting {greeting.name}?",
            text=REMOVE_EFFECT,
            submit="Remove greeting",
            action=f"{_greetings_url(slug)}/{greeting_id}/remove",
            back_url=_greetings_url(slug),
        )

    @post("/{greeting_id:uuid}/remove")
    async def remove(
        self,
        request: PageRequest,
        db_session: NamedDependency[AsyncSession],
        slug: FromPath[str],
        greeting_id: FromPath[UUID],
    ) -> Response[str]:
        await read_form(request)
        member = current_member(request)
        service = VoicemailGreetingService(db_session, member.organization_id, member.actor.user_id)
        list_url = _greetings_url(slug)
        try:
            await service.remove(greeting_id, role=member.role, by=member.actor)
        except (NotFound, RoleTooLow):
            # RoleTooLow too: a removed greeting is no longer one of the member's own, which need no role.
            if not await service.was_removed(greeting_id):
                raise
            return redirect(request, list_url, "This greeting was removed already")
        return redirect(request, list_url, "The greeting is removed")


async def _render_greetings(
    request: PageRequest, session: AsyncSession, form: Form | None = None, renamed_id: UUID | None = None
) -> Response[str]:
    """The list of greetings; ``form`` is the refused form that renames the greeting ``renamed_id``."""
    member = current_member(request)
    greetings = await VoicemailGreetingService(session, member.organization_id, member.actor.user_id).list_all()
    return render(
        request,
        "voicemails/greetings.html",
        status=200 if form is None else 400,
        own_media=True,
        microphone=True,
        greetings=greetings,
        labels=recording_labels(greetings, member.zone),
        form=form,
        renamed_id=renamed_id,
        audio_url=f"/api/organizations/{member.organization_id}/voicemail-greetings",
        may_share=member.role.rank >= Role.ADMIN.rank,
        max_bytes=MAX_FILE_BYTES,
        max_seconds=MAX_SECONDS,
        remove_effect=REMOVE_EFFECT,
    )


def _greetings_url(slug: str) -> str:
    return f"/dashboard/{slug}/voicemails/greetings"
