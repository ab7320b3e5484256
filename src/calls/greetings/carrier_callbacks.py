"""HTTP endpoint from which the carrier fetches the audio of greetings and voicemail greetings."""

from typing import Any

from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.params import FromPath

from calls.greetings.audio_urls import AUDIO_PATH, AUDIO_URLS
from calls.greetings.services import GreetingAudioService
from calls.greetings.voicemail_greetings import voicemail_greeting_wav
from kit.errors import NotFound
from kit.http.app_key import DATABASE

_CACHE = {"Cache-Control": "private, max-age=3600"}
"""The URL changes every hour."""


@get(f"{AUDIO_PATH}/{{name:str}}", include_in_schema=False)
async def played_audio(request: Request[Any, Any, State], name: FromPath[str]) -> Response[bytes]:
    """The audio of the recording that the signed URL is for. Raises: NotFound."""
    signed = AUDIO_URLS.get(request.app).read(name)
    if signed is None:
        raise NotFound
    async with DATABASE.get(request.app).tenant_session(signed.organization_id) as session:
        try:
            wav = await GreetingAudioService(session).wav(signed.organization_id, signed.audio_id)
        except NotFound:
            wav = await voicemail_greeting_wav(session, signed.organization_id, signed.audio_id)
    return Response(wav, media_type="audio/wav", headers=_CACHE)
