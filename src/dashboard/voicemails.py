"""``/dashboard/<slug>/voicemails``: the voicemails that callers left: list, player, mark as heard, delete."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from calls.incoming.voicemails import VoicemailDetails, VoicemailService
from dashboard.guards import requires_membership
from dashboard.pages import redirect, render
from dashboard.transcripts import shown_transcript
from kit.db.paging import read_cursor, split_page
from kit.e164 import readable
from kit.errors import NotFound
from kit.http.forms import read_form
from tenants.auth import current_member
from tenants.guards import requires_role
from tenants.models import Role

VOICEMAILS_PAGE_ROWS = 25
DELETE_EFFECT = "Nobody can listen to it any more. It is deleted here at once, and at the carrier within minutes."
_ADMIN = (requires_role(Role.ADMIN),)
PageRequest = Request[Any, Any, State]


class VoicemailPages(Controller):
    """Pages of the organization's voicemails."""

    path = "/dashboard/{slug:str}/voicemails"
    guards = (requires_membership,)

    @get()
    async def index(self, request: PageRequest, db_session: NamedDependency[AsyncSession]) -> Response[str]:
        member, service = current_member(request), VoicemailService(db_session)
        after = read_cursor(request.query_params.get("after"))
        rows = await service.page(member.organization_id, after=after, limit=VOICEMAILS_PAGE_ROWS)
        page, next_cursor = split_page(rows, VOICEMAILS_PAGE_ROWS)
        return _render_voicemails(
            request,
            page,
            unheard_count=await service.count_unheard(member.organization_id),
            older_url=f"?after={next_cursor}" if next_cursor else "",
            newest_url="?" if after is not None else "",
        )

    @get("/{voicemail_id:uuid}")
    async def show(
        self,
        request: PageRequest,
        db_session: NamedDependency[AsyncSession],
        slug: FromPath[str],
        voicemail_id: FromPath[UUID],
    ) -> Response[str]:
        """One voicemail: the page to which mails link."""
        member = current_member(request)
        try:
            voicemail = await VoicemailService(db_session).get(member.organization_id, voicemail_id)
        except NotFound:
            return await _redirect_if_deleted(request, db_session, slug, voicemail_id)
        return _render_voicemails(request, [voicemail], is_single=True)

    @post("/{voicemail_id:uuid}/heard")
    async def mark_heard(
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
            return await _redirect_if_deleted(request, db_session, slug, voicemail_id)
        notice = "The message is marked as heard" if heard else "The message is marked as unheard"
        return redirect(request, f"/dashboard/{slug}/voicemails", notice)

    @get("/{voicemail_id:uuid}/delete", guards=_ADMIN)
    async def confirm_delete(
        self,
        request: PageRequest,
        db_session: NamedDependency[AsyncSession],
        slug: FromPath[str],
        voicemail_id: FromPath[UUID],
    ) -> Response[str]:
        """Confirmation page, for browsers without scripts."""
        try:
            voicemail = await VoicemailService(db_session).get(current_member(request).organization_id, voicemail_id)
        except NotFound:
            return await _redirect_if_deleted(request, db_session, slug, voicemail_id)
        caller = "a withheld number" if voicemail.caller is None else readable(voicemail.caller)
        return render(
            request,
            "confirm.html",
            title=f"Delete the message from {caller}?",
            text=DELETE_EFFECT,
            submit="Delete message",
            action=f"/dashboard/{slug}/voicemails/{voicemail_id}/delete",
            back_url=f"/dashboard/{slug}/voicemails",
        )

    @post("/{voicemail_id:uuid}/delete", guards=_ADMIN)
    async def delete(
        self,
        request: PageRequest,
        db_session: NamedDependency[AsyncSession],
        slug: FromPath[str],
        voicemail_id: FromPath[UUID],
    ) -> Response[str]:
        await read_form(request)
        member = current_member(request)
        try:
            await VoicemailService(db_session).delete(member.organization_id, voicemail_id, by=member.actor)
        except NotFound:
            return await _redirect_if_deleted(request, db_session, slug, voicemail_id)
        return redirect(
            request,
            f"/dashboard/{slug}/voicemails",
            "The message is deleted; the carrier deletes its copy within minutes",
        )


def _render_voicemails(
    request: PageRequest,
    voicemails: Sequence[VoicemailDetails],
    *,
    unheard_count: int | None = None,
    older_url: str = "",
    newest_url: str = "",
    is_single: bool = False,
) -> Response[str]:
    member = current_member(request)
    return render(
        request,
        "voicemails/index.html",
        own_media=True,
        voicemails=voicemails,
        transcripts={voicemail.id: shown_transcript(voicemail, is_whole=is_single) for voicemail in voicemails},
        unheard_count=unheard_count,
        audio_url=f"/api/organizations/{member.organization_id}/voicemails",
        may_delete=member.role.rank >= Role.ADMIN.rank,
        delete_effect=DELETE_EFFECT,
        older_url=older_url,
        newest_url=newest_url,
    )


async def _redirect_if_deleted(
    request: PageRequest, session: AsyncSession, slug: str, voicemail_id: UUID
) -> Response[str]:
    """Redirect from a deleted voicemail to the list. Raises: NotFound for a voicemail that never existed."""
    if not await VoicemailService(session).was_deleted(current_member(request).organization_id, voicemail_id):
        raise NotFound
    return redirect(request, f"/dashboard/{slug}/voicemails", "This voicemail was deleted already")
