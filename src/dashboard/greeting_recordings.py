"""Recorded greetings in the settings section **Incoming calls**: rename and remove."""

from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from calls.greetings.errors import AudioInUse
from calls.greetings.services import GreetingAudioService
from dashboard.guards import requires_membership
from dashboard.pages import redirect, render
from dashboard.settings import SettingsRequest, render_settings
from kit.errors import ValidationFailed
from kit.http.forms import Form, read_form
from tenants.auth import current_member
from tenants.guards import requires_role
from tenants.models import Role
from tenants.settings_paths import SettingsSection, settings_path

REMOVE_EFFECT = "The recording is deleted and cannot be restored. To use it again, upload it again."
RENAMED_RECORDING = "renamed_recording"
"""Key in the values of a refused form: the id of the recording that was to be renamed."""


class GreetingRecordingPages(Controller):
    """Forms that rename and remove a recording."""

    path = "/dashboard/{slug:str}/settings/incoming-calls/recordings/{audio_id:uuid}"
    guards = (requires_membership, requires_role(Role.ADMIN))

    @post("/name")
    async def rename(
        self,
        request: SettingsRequest,
        db_session: NamedDependency[AsyncSession],
        slug: FromPath[str],
        audio_id: FromPath[UUID],
    ) -> Response[str]:
        form, member = await read_form(request, "name"), current_member(request)
        service = GreetingAudioService(db_session)
        try:
            recording = await service.rename(member.organization_id, audio_id, form["name"], by=member.actor)
        except ValidationFailed as refusal:
            refused = Form({**form.values, RENAMED_RECORDING: str(audio_id)}).refused(refusal)
            return await render_settings(request, db_session, SettingsSection.INCOMING_CALLS, refused)
        url = settings_path(slug, SettingsSection.INCOMING_CALLS)
        return redirect(request, f"{url}#recordings", f"The recording is named {recording.name}")

    @get("/remove")
    async def confirm_remove(
        self,
        request: SettingsRequest,
        db_session: NamedDependency[AsyncSession],
        slug: FromPath[str],
        audio_id: FromPath[UUID],
    ) -> Response[str]:
        """Confirmation page, for browsers without scripts."""
        recording = await GreetingAudioService(db_session).get(current_member(request).organization_id, audio_id)
        url = settings_path(slug, SettingsSection.INCOMING_CALLS)
        return render(
            request,
            "confirm.html",
            title=f"Remove the recording {recording.name}?",
            text=REMOVE_EFFECT,
            submit="Remove recording",
            action=f"{url}/recordings/{audio_id}/remove",
            back_url=url,
        )

    @post("/remove")
    async def remove(
        self,
        request: SettingsRequest,
        db_session: NamedDependency[AsyncSession],
        slug: FromPath[str],
        audio_id: FromPath[UUID],
    ) -> Response[str]:
        await read_form(request)
        member, url = current_member(request), settings_path(slug, SettingsSection.INCOMING_CALLS)
        try:
            await GreetingAudioService(db_session).remove(member.organization_id, audio_id, by=member.actor)
        except AudioInUse as refusal:
            return redirect(request, url, refusal.message, is_problem=True)
        return redirect(request, url, "The recording is removed")
