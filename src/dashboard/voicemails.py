"""``/dashboard/<slug>/voicemails``: messages that callers left, with a player for each."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from calls.greetings.audio_decoder_process import MAX_FILE_BYTES, MAX_SECONDS
from calls.greetings.voicemail_greetings import VoicemailGreetingService
from calls.incoming.voicemails import VoicemailDetails, VoicemailService
from dashboard.guards import requires_membership
from dashboard.pages import redirect, render
from dashboard.recording_names import recording_labels
from dashboard.transcripts import shown_transcript
from kit.db.paging import read_cursor, split_page
from kit.e164 import readable
from kit.errors import NotFound, ValidationFailed
from kit.http.forms import Form, read_form
from tenants.auth import current_member
from tenants.errors import RoleTooLow
from tenants.guards import requires_role
from tenants.models import Role

VOICEMAILS_PAGE_ROWS = 25
DELETE_EFFECT = "Nobody can hear it any more. It is deleted here at once, and at the carrier within minutes."
REMOVE_EFFECT = "The greeting is deleted, and cannot be restored. To use it again, record or upload it again."
_ADMIN = (requires_role(Role.ADMIN),)
PageRequest = Request[Any, Any, State]


class VoicemailPages(Controller):
    """Pages of the organization's voicemails."""

    path = "/dashboard/{slug:str}/voicemails"
    guards = (requires_membership,)

    @get()
    async def index(self, request: PageRequest, db_session: NamedDependency[AsyncSession]) -> Response[str]:
        who, service = current_member(request), VoicemailService(db_session)
        after = read_cursor(request.query_params.get("after"))
        rows = await service.page(who.organization_id, after=after, limit=VOICEMAILS_PAGE_ROWS)
        page, next_cursor = split_page(rows, VOICEMAILS_PAGE_ROWS)
        return _render_messages(
            request,
            page,
            unheard=await service.count_unheard(who.organization_id),
            older=f"?after={next_cursor}" if next_cursor else "",
            newest="?" if after is not None else "",
        )

    @get("/{voicemail_id:uuid}")
    async def show(
        self,
        request: PageRequest,
        db_session: NamedDependency[AsyncSession],
        slug: FromPath[str],
        voicemail_id: FromPath[UUID],
    ) -> Response[str]:
        """One message: the page that mails lead to."""
        who = current_member(request)
        try:
            message = await VoicemailService(db_session).get(who.organization_id, voicemail_id)
        except NotFound:
            return await _deleted_already(request, db_session, slug, voicemail_id)
        return _render_messages(request, [message], is_single=True)

    @get("/greetings")
    async def greetings(self, request: PageRequest, db_session: NamedDependency[AsyncSession]) -> Response[str]:
        """Recordings that members leave in mailboxes which answer their calls."""
        return await _render_greetings(request, db_session)

    @post("/greetings/{greeting_id:uuid}/name")
    async def rename_greeting(
        self,
        request: PageRequest,
        db_session: NamedDependency[AsyncSession],
        slug: FromPath[str],
        greeting_id: FromPath[UUID],
    ) -> Response[str]:
        form, who = await read_form(request, "name"), current_member(request)
        service = VoicemailGreetingService(db_session, who.organization_id, who.actor.user_id)
        try:
            greeting = await service.rename(greeting_id, form["name"], role=who.role, by=who.actor)
        except ValidationFailed as refusal:
            return await _render_greetings(request, db_session, form.refused(refusal), greeting_id)
        return redirect(request, f"/dashboard/{slug}/voicemails/greetings", f"The greeting is named {greeting.name}")

    @get("/greetings/{greeting_id:uuid}/remove")
    async def confirm_remove_greeting(
        self,
        request: PageRequest,
        db_session: NamedDependency[AsyncSession],
        slug: FromPath[str],
        greeting_id: FromPath[UUID],
    ) -> Response[str]:
        """Confirmation page, for browsers without scripts."""
        who = current_member(request)
        service = VoicemailGreetingService(db_session, who.organization_id, who.actor.user_id)
        greeting = await service.get_changeable(greeting_id, role=who.role)
        return render(
            request,
            "confirm.html",
            title=f"Remove the greeting {greeting.name}?",
            text=REMOVE_EFFECT,
            submit="Remove greeting",
            action=f"/dashboard/{slug}/voicemails/greetings/{greeting_id}/remove",
            back=f"/dashboard/{slug}/voicemails/greetings",
        )

    @post("/greetings/{greeting_id:uuid}/remove")
    async def remove_greeting(
        self,
        request: PageRequest,
        db_session: NamedDependency[AsyncSession],
        slug: FromPath[str],
        greeting_id: FromPath[UUID],
    ) -> Response[str]:
        await read_form(request)
        who = current_member(request)
        service = VoicemailGreetingService(db_session, who.organization_id, who.actor.user_id)
        back = f"/dashboard/{slug}/voicemails/greetings"
        try:
            await service.remove(greeting_id, role=who.role, by=who.actor)
        except (NotFound, RoleTooLow):
            # Also a role that is too low: a greeting that is gone is nobody's own.
            if not await service.was_removed(greeting_id):
                raise
            return redirect(request, back, "This greeting was removed already")
        return redirect(request, back, "The greeting is removed")

    @post("/{voicemail_id:uuid}/heard")
    async def mark(
        self,
        request: PageRequest,
        db_session: NamedDependency[AsyncSession],
        slug: FromPath[str],
        voicemail_id: FromPath[UUID],
    ) -> Response[str]:
        form = await read_form(request, "heard")
        heard = form["heard"] == "yes"
        try:
            await VoicemailService(db_session).mark(current_member(request).organization_id, voicemail_id, heard=heard)
        except NotFound:
            return await _deleted_already(request, db_session, slug, voicemail_id)
        said = "The message is marked as heard" if heard else "The message is marked as unheard"
        return redirect(request, f"/dashboard/{slug}/voicemails", said)

    @get("/{voicemail_id:uuid}/delete", guards=_ADMIN)
    async def confirm(
        self,
        request: PageRequest,
        db_session: NamedDependency[AsyncSession],
        slug: FromPath[str],
        voicemail_id: FromPath[UUID],
    ) -> Response[str]:
        """Confirmation page, for browsers without scripts."""
        try:
            message = await VoicemailService(db_session).get(current_member(request).organization_id, voicemail_id)
        except NotFound:
            return await _deleted_already(request, db_session, slug, voicemail_id)
        caller = "a withheld number" if message.caller is None else readable(message.caller)
        return render(
            request,
            "confirm.html",
            title=f"Delete the message from {caller}?",
            text=DELETE_EFFECT,
            submit="Delete message",
            action=f"/dashboard/{slug}/voicemails/{voicemail_id}/delete",
            back=f"/dashboard/{slug}/voicemails",
        )

    @post("/{voicemail_id:uuid}/delete", guards=_ADMIN)
    async def remove(
        self,
        request: PageRequest,
        db_session: NamedDependency[AsyncSession],
        slug: FromPath[str],
        voicemail_id: FromPath[UUID],
    ) -> Response[str]:
        await read_form(request)
        who = current_member(request)
        try:
            await VoicemailService(db_session).delete(who.organization_id, voicemail_id, by=who.actor)
        except NotFound:
            return await _deleted_already(request, db_session, slug, voicemail_id)
        return redirect(
            request,
            f"/dashboard/{slug}/voicemails",
            "The message is deleted; the carrier deletes its copy within minutes",
        )


async def _render_greetings(
    request: PageRequest, session: AsyncSession, form: Form | None = None, named: UUID | None = None
) -> Response[str]:
    """The list of greetings; ``form`` is one with a name that the greeting ``named`` cannot get."""
    who = current_member(request)
    greetings = await VoicemailGreetingService(session, who.organization_id, who.actor.user_id).list_all()
    return render(
        request,
        "voicemails/greetings.html",
        status=200 if form is None else 400,
        own_media=True,
        microphone=True,
        greetings=greetings,
        labels=recording_labels(greetings, who.zone),
        form=form,
        named=named,
        audio=f"/api/organizations/{who.organization_id}/voicemail-greetings",
        may_share=who.role.rank >= Role.ADMIN.rank,
        max_bytes=MAX_FILE_BYTES,
        max_seconds=MAX_SECONDS,
        remove_effect=REMOVE_EFFECT,
    )


def _render_messages(
    request: PageRequest,
    messages: Sequence[VoicemailDetails],
    *,
    unheard: int | None = None,
    older: str = "",
    newest: str = "",
    is_single: bool = False,
) -> Response[str]:
    who = current_member(request)
    return render(
        request,
        "voicemails/index.html",
        own_media=True,
        messages=messages,
        texts={message.id: shown_transcript(message, is_whole=is_single) for message in messages},
        unheard=unheard,
        audio=f"/api/organizations/{who.organization_id}/voicemails",
        may_delete=who.role.rank >= Role.ADMIN.rank,
        delete_effect=DELETE_EFFECT,
        older=older,
        newest=newest,
    )


async def _deleted_already(request: PageRequest, session: AsyncSession, slug: str, voicemail_id: UUID) -> Response[str]:
    """Lead to the list from a message that somebody deleted. Raises: NotFound for one that there never was."""
    if not await VoicemailService(session).was_deleted(current_member(request).organization_id, voicemail_id):
        raise NotFound
    return redirect(request, f"/dashboard/{slug}/voicemails", "This voicemail was deleted already")
