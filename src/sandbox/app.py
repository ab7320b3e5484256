"""The sandbox carrier as one ASGI application."""

from collections.abc import Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute

from kit.settings import Settings
from sandbox.account_store import Ledger
from sandbox.audio_source import Media
from sandbox.call_registry import Negotiate, Switchboard
from sandbox.rest import Rest, http_error
from sandbox.rest_resources import observed_call
from sandbox.signaling import Signaling
from sandbox.webhook_sender import Courier

DROPPED = 1011
WHOLE = 100


async def webrtc(offer: str, heard: Callable[[str], None]) -> Media:
    """Real audio. Its libraries take a second to import, which the start of the sandbox does not wait for."""
    from sandbox import media

    return await media.connect(offer, heard)


class Sandbox:
    """The whole carrier; must be built inside the running loop."""

    def __init__(self, settings: Settings, *, negotiate: Negotiate = webrtc) -> None:
        """Open the account's files.

        Raises:
            LedgerError: a file is damaged.
        """
        account = settings.twilio
        ledger = Ledger(settings.data_dir / "sandbox", account.twiml_app_sid)
        self._courier = Courier(account.auth_token)
        self._switchboard = Switchboard(ledger, self._courier, negotiate, speed=settings.sandbox_speed)
        self._signaling = Signaling(self._switchboard, account)
        self.app = Starlette(
            routes=[
                WebSocketRoute("/signal", self._signaling.serve),
                Route("/sandbox/calls", self._calls),
                Route("/sandbox/drop-sockets", self._drop_sockets, methods=["POST"]),
                Route("/sandbox/lose-packets", self._lose_packets, methods=["POST"]),
                *Rest(account, ledger, self._switchboard).routes(),
            ],
            exception_handlers={HTTPException: http_error},
        )

    async def close(self) -> None:
        """End all calls, tell the browsers and the webhooks, and give everything back."""
        await self._switchboard.close()
        await self._courier.close()

    async def _calls(self, _: Request) -> Response:
        return JSONResponse([observed_call(call) for call in self._switchboard.calls()])

    async def _drop_sockets(self, _: Request) -> Response:
        return JSONResponse({"dropped": self._signaling.drop(DROPPED)})

    async def _lose_packets(self, request: Request) -> Response:
        """Lose the share ``?percent=`` of the audio towards the callers of the calls that are live now."""
        percent = request.query_params.get("percent", "")
        if not percent.isdecimal() or int(percent) > WHOLE:
            return JSONResponse({"message": "percent must be a whole number from 0 to 100"}, 400)
        live = [call.media for call in self._switchboard.calls() if call.media is not None]
        for media in live:
            media.lose(int(percent) / WHOLE)
        return JSONResponse({"calls": len(live)})
