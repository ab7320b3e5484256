"""The sandbox carrier as an ASGI application."""

from collections.abc import Callable

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute

from kit.settings import Settings
from sandbox.account_rest import AccountRest
from sandbox.account_store import AccountStore
from sandbox.addresses import Addresses
from sandbox.available_numbers import AvailableNumbers
from sandbox.call_registry import CallRegistry, MediaNegotiator
from sandbox.callback_sender import CallbackSender
from sandbox.local_requests import LocalRequestsOnly
from sandbox.media_interface import Media
from sandbox.rest import RestApi
from sandbox.rest_base import http_error
from sandbox.rest_resources import observed_call
from sandbox.signaling import Signaling
from sandbox.switches import Switches, parse_switches

SOCKET_CLOSE_CODE = 1011
MAX_PERCENT = 100


async def webrtc(offer: str, heard: Callable[[str], None]) -> Media:
    """Negotiate real audio. The libraries are imported late, because that takes a second."""
    from sandbox import media

    return await media.connect(offer, heard)


class SandboxCarrier:
    """The whole carrier; made inside the running event loop."""

    def __init__(self, settings: Settings, *, negotiate: MediaNegotiator = webrtc) -> None:
        """Open the account's files.

        Raises:
            AccountStoreError: a file is damaged.
        """
        account = settings.twilio
        store = AccountStore(settings.data_dir / "sandbox", account.twiml_app_sid)
        self._callbacks = CallbackSender(account.auth_token)
        self._registry = CallRegistry(store, self._callbacks, negotiate, speed=settings.sandbox_speed)
        self._signaling = Signaling(self._registry, account)
        self.app = Starlette(
            routes=[
                WebSocketRoute("/signal", self._signaling.serve),
                Route("/sandbox/calls", self._calls),
                Route("/sandbox/drop-sockets", self._drop_sockets, methods=["POST"]),
                Route("/sandbox/lose-packets", self._lose_packets, methods=["POST"]),
                Route("/sandbox/switches", self._switches, methods=["GET", "PUT", "DELETE"]),
                *Addresses(account, store, self._registry).routes(),
                *AvailableNumbers(account, store, self._registry).routes(),
                *RestApi(account, store, self._registry).routes(),
                *AccountRest(account, store, self._registry).routes(),
            ],
            exception_handlers={HTTPException: http_error},
            middleware=[Middleware(LocalRequestsOnly)],
        )

    async def close(self) -> None:
        """End all calls, notify browsers and callbacks, and free all resources."""
        await self._registry.close()
        await self._callbacks.close()

    async def _calls(self, _: Request) -> Response:
        return JSONResponse([observed_call(call) for call in self._registry.calls()])

    async def _switches(self, request: Request) -> Response:
        """Read, set or reset the switches."""
        if request.method == "DELETE":
            self._registry.set_switches(Switches())
        elif request.method == "PUT":
            try:
                self._registry.set_switches(parse_switches(await request.body()))
            except msgspec.MsgspecError as error:
                return JSONResponse({"message": f"Not the sandbox's switches: {error}"}, 400)
        return Response(msgspec.json.encode(self._registry.switches), media_type="application/json")

    async def _drop_sockets(self, _: Request) -> Response:
        return JSONResponse({"dropped": self._signaling.drop(SOCKET_CLOSE_CODE)})

    async def _lose_packets(self, request: Request) -> Response:
        """Drop ``?percent=`` of the audio packets to the callers of all live calls."""
        percent = request.query_params.get("percent", "")
        if not percent.isdecimal() or int(percent) > MAX_PERCENT:
            return JSONResponse({"message": "percent must be a whole number from 0 to 100"}, 400)
        live = [call.media for call in self._registry.calls() if call.media is not None]
        for media in live:
            media.set_packet_loss(int(percent) / MAX_PERCENT)
        return JSONResponse({"calls": len(live)})
