"""The sandbox carrier as an ASGI application: REST API, signalling socket, and the ``/sandbox/…`` routes for tests."""

from collections.abc import Callable

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route, WebSocketRoute

from kit.settings import Settings
from sandbox.account_rest import AccountRest
from sandbox.account_store import AccountStore
from sandbox.addresses_rest import AddressesRest
from sandbox.available_numbers_rest import AvailableNumbersRest
from sandbox.call_registry import CallRegistry, MediaNegotiator
from sandbox.callback_sender import CallbackSender
from sandbox.caller_ids_rest import CallerIdsRest
from sandbox.calls_and_numbers_rest import CallsAndNumbersRest
from sandbox.incoming_calls import RequestError, parse_incoming_call, route_to
from sandbox.local_requests import LocalRequestsOnly
from sandbox.media_interface import Media
from sandbox.observed_calls import observed_call, observed_incoming_call
from sandbox.recordings import Recordings
from sandbox.recordings_rest import RecordingsRest
from sandbox.rest_base import http_error
from sandbox.signaling import Signaling
from sandbox.switches import Switches, parse_switches
from sandbox.transcriptions_rest import TranscriptionsRest

SOCKET_CLOSE_CODE = 1011
MAX_PERCENT = 100


async def negotiate_webrtc(offer: str, on_digit: Callable[[str], None]) -> Media:
    """Negotiate audio over WebRTC. The audio libraries are imported on first use, because that takes a second."""
    from sandbox import webrtc_media

    return await webrtc_media.connect(offer, on_digit)


class SandboxCarrier:
    """The whole carrier; made inside the running event loop."""

    def __init__(self, settings: Settings, *, negotiate: MediaNegotiator = negotiate_webrtc) -> None:
        """Open the account's files.

        Raises:
            DamagedFileError: a file cannot be parsed.
        """
        account = settings.twilio
        store = self._store = AccountStore(settings.data_dir / "sandbox", account.twiml_app_sid)
        self._account_sid = account.account_sid
        self._recordings = Recordings(settings.data_dir / "sandbox")
        self._callbacks = CallbackSender(account.auth_token)
        speed = settings.sandbox_speed
        self._registry = CallRegistry(store, self._recordings, self._callbacks, negotiate, speed=speed)
        self._signaling = Signaling(self._registry, account)
        self.app = Starlette(
            routes=[
                WebSocketRoute("/signal", self._signaling.serve),
                Route("/sandbox/calls", self._list_calls),
                Route("/sandbox/incoming-calls", self._start_incoming_call, methods=["POST"]),
                Route("/sandbox/recordings/{sid}", self._send_recording),
                Route("/sandbox/drop-sockets", self._drop_sockets, methods=["POST"]),
                Route("/sandbox/lose-packets", self._lose_packets, methods=["POST"]),
                Route("/sandbox/switches", self._handle_switches, methods=["GET", "PUT", "DELETE"]),
                *AddressesRest(account, store, self._registry).routes(),
                *AvailableNumbersRest(account, store, self._registry).routes(),
                *RecordingsRest(account, self._recordings).routes(),
                *TranscriptionsRest(account, self._recordings).routes(),
                *CallerIdsRest(account, store, self._registry, self._callbacks).routes(),
                *CallsAndNumbersRest(account, store, self._registry).routes(),
                *AccountRest(account, store, self._registry).routes(),
            ],
            exception_handlers={HTTPException: http_error},
            middleware=[Middleware(LocalRequestsOnly)],
        )

    async def close(self) -> None:
        """End all calls, notify browsers and callbacks, and free all resources."""
        await self._registry.close()
        await self._callbacks.close()

    async def _list_calls(self, request: Request) -> Response:
        """All calls, newest first; ``?call_id=`` selects the call from a browser with this parameter ``CallId``."""
        if call_id := request.query_params.get("call_id"):
            selected = [call for call in self._registry.calls() if call.params.get("CallId") == call_id]
            return JSONResponse([observed_call(call) for call in selected])
        outgoing = [(call.parent.created, observed_call(call)) for call in self._registry.calls()]
        incoming = [(call.parent.created, observed_incoming_call(call)) for call in self._registry.incoming.calls()]
        newest_first = sorted((*outgoing, *incoming), key=lambda pair: pair[0], reverse=True)
        return JSONResponse([resource for _, resource in newest_first])

    async def _start_incoming_call(self, request: Request) -> Response:
        """Call one of the account's numbers from outside."""
        try:
            requested = parse_incoming_call(await request.body())
            route = route_to(requested.to, self._store, self._account_sid, str(request.base_url).rstrip("/"))
        except RequestError as error:
            return JSONResponse({"message": str(error)}, 400)
        call = self._registry.incoming.ring(requested, route, self._registry.simulation)
        return JSONResponse({"sid": call.sid}, 201)

    async def _send_recording(self, request: Request) -> Response:
        """The audio of a recording of the account, or of the mailbox of a called number."""
        recording = self._recordings.find(request.path_params["sid"])
        if recording is None:
            return JSONResponse({"message": "There is no such recording"}, 404)
        return FileResponse(self._recordings.file(recording), media_type="audio/wav")

    async def _handle_switches(self, request: Request) -> Response:
        """Read (GET), set (PUT) or reset (DELETE) the switches."""
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
        """Drop ``?percent=`` of the audio packets that go to the browsers of all live calls."""
        percent = request.query_params.get("percent", "")
        if not percent.isdecimal() or int(percent) > MAX_PERCENT:
            return JSONResponse({"message": "percent must be a whole number from 0 to 100"}, 400)
        live = [call.media for call in self._registry.calls() if call.media is not None]
        for media in live:
            media.set_packet_loss(int(percent) / MAX_PERCENT)
        return JSONResponse({"calls": len(live)})
