"""HTTP endpoint from which the carrier fetches the recordings that it plays."""

from typing import Any

from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.params import FromPath

from calls.greetings.audio_urls import AUDIO_URLS, PATH
from calls.greetings.services import GreetingAudioService
from calls.greetings.voicemail_greetings import audio_of
from kit.errors import NotFound
from kit.http.app_key import DATABASE

_CACHE = {"Cache-Control": "private, max-age=3600"}
"""The URL changes every hour."""


@get(f"{PATH}/{{name:str}}", include_in_schema=False)
async def played_audio(request: Request[Any, Any, State], name: FromPath[str]) -> Response[bytes]:
    """The audio of a recording, for requests with its signed URL. Raises: NotFound."""
    linked = AUDIO_URLS.get(request.app).read(name)
    if linked is None:
        raise NotFound
    async with DATABASE.get(request.app).tenant_session(linked.organization_id) as session:
        try:
            wav = await GreetingAudioService(session).wav(linked.organization_id, linked.audio_id)
        except NotFound:
            wav = await audio_of(session, linked.organization_id, linked.audio_id)
    return Response(wav, media_type="audio/wav", headers=_CACHE)
