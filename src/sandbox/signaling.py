"""The server of the signalling WebSocket of the browser's voice SDK: JSON messages of protocol version 1.6."""

import asyncio
import json
import logging
import time
from typing import Any
from urllib.parse import parse_qsl

from starlette.websockets import WebSocket, WebSocketDisconnect

from kit.settings import CarrierSettings
from sandbox import access_tokens
from sandbox.call_registry import CallRegistry
from sandbox.legs import new_sid

HEARTBEAT_SECONDS = 5.0
"""The SDK closes a socket after 15 s without a text frame; WebSocket pings do not count."""
MAX_GRACE_SECONDS = 30
MALFORMED, NOT_AUTHENTICATED, REATTACH_FAILED = 31100, 31204, 31209
CONNECTED_REGION = {"region": "US_EAST_VIRGINIA", "edge": "sandbox", "home": "us1", "gateway": "sandbox"}

logger = logging.getLogger(__name__)


class Signaling:
    """All sockets; ``serve`` is the ASGI endpoint."""

    def __init__(self, registry: CallRegistry, account: CarrierSettings) -> None:
        self._registry = registry
        self._account = account
        self._sessions: set[Session] = set()

    async def serve(self, websocket: WebSocket) -> None:
        session = Session(websocket, self._registry, self._account)
        self._sessions.add(session)
        try:
            await session.run()
        finally:
            self._sessions.discard(session)

    def drop(self, code: int) -> int:
        """Close every socket with ``code``; returns the number of sockets."""
        sessions = list(self._sessions)
        for session in sessions:
            session.drop(code)
        return len(sessions)


class Session:
    """One socket of one browser."""

    def __init__(self, websocket: WebSocket, registry: CallRegistry, account: CarrierSettings) -> None:
        self._websocket = websocket
        self._registry = registry
        self._account = account
        self._token: access_tokens.AccessToken | None = None
        self._grace_seconds = 0.0
        self._outbox: asyncio.Queue[str | int] = asyncio.Queue()

    async def run(self) -> None:
        """Serve the socket until it closes."""
        await self._websocket.accept()
        writer = asyncio.create_task(self._write())
        try:
            while True:
                self._read(await self._websocket.receive_text())
        except (WebSocketDisconnect, KeyError):  # KeyError: a binary frame, which this protocol does not have
            pass
        finally:
            writer.cancel()
            self._registry.detach(self, self._grace_seconds)

    def send(self, kind: str, payload: dict[str, object]) -> None:
        self._outbox.put_nowait(json.dumps({"type": kind, "version": "1.6", "payload": payload}))

    def drop(self, code: int) -> None:
        """Close the socket with ``code`` after the queued messages."""
        self._outbox.put_nowait(code)

    async def _write(self) -> None:
        """Send queued frames in order, and a heartbeat after ``HEARTBEAT_SECONDS`` without one."""
        while True:
            try:
                frame = await asyncio.wait_for(self._outbox.get(), HEARTBEAT_SECONDS)
            except TimeoutError:
                frame = "\n"
            try:
                if isinstance(frame, int):
                    await self._websocket.close(frame)
                    return
                await self._websocket.send_text(frame)
            except (WebSocketDisconnect, RuntimeError):
                return  # the reader notices the end too

    def _read(self, frame: str) -> None:
        if not frame.strip():
            return
        try:
            message = json.loads(frame)
            kind, payload = message["type"], message.get("payload") or {}
            self._handle(kind, payload)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            logger.info("A browser sent a malformed message: %s", type(error).__name__)
            self._error(MALFORMED, "The message is malformed")

    def _handle(self, kind: str, payload: dict[str, Any]) -> None:
        if kind == "listen":
            self._listen(payload)
        elif self._token is None:
            self._error(NOT_AUTHENTICATED, "Not authenticated")
        elif kind == "register":
            self._register(self._token, payload)
        elif kind == "invite" and payload.get("reconnect"):
            self._reattach(self._token, payload)
        elif kind == "invite":
            self._invite(self._token, payload)
        else:
            self._handle_call_message(kind, payload, self._token)

    def _listen(self, payload: dict[str, Any]) -> None:
        try:
            self._token = access_tokens.read_access_token(payload.get("token"), self._account)
        except access_tokens.TokenError as error:
            # The socket stays open: after a close the SDK would reconnect ten times a second, forever.
            self._error(error.code, error.message)
            return
        self._grace_seconds = float(min(max(payload.get("reconnectTimeout") or 0, 0), MAX_GRACE_SECONDS))
        ttl = int(self._token.expires_at - time.time())
        self.send("connected", {**CONNECTED_REGION, "token": {"identity": self._token.caller.identity, "ttl": ttl}})

    def _register(self, token: access_tokens.AccessToken, payload: dict[str, Any]) -> None:
        if token.expires_at <= time.time():
            self._error(access_tokens.EXPIRED, "Cannot register. Token is expired")
        else:
            self.send("ready" if payload["media"]["audio"] else "offline", {})

    def _invite(self, token: access_tokens.AccessToken, payload: dict[str, Any]) -> None:
        temporary_sid, offer = str(payload["callsid"]), str(payload["sdp"])
        query = (payload.get("twilio") or {}).get("params") or ""
        params = dict(parse_qsl(query, keep_blank_values=True))
        if token.expires_at <= time.time():
            error = {"code": access_tokens.EXPIRED, "message": "JWT Token Expired"}
            self.send("hangup", {"callsid": temporary_sid, "error": error})
            return
        if (code := self._registry.switches.gateway_error) is not None:
            self._error(code, "The gateway refuses the invitation")
            return
        self._registry.start_call(self, token.caller, temporary_sid=temporary_sid, params=params, offer=offer)

    def _reattach(self, token: access_tokens.AccessToken, payload: dict[str, Any]) -> None:
        if not self._registry.attach(payload["reconnect"], token.caller.identity, self):
            error = {"code": REATTACH_FAILED, "message": "The call is over"}
            self.send("hangup", {"callsid": payload["callsid"], "error": error})

    def _handle_call_message(self, kind: str, payload: dict[str, Any], token: access_tokens.AccessToken) -> None:
        # The browser may hang up a call that never reached the carrier, so that an unknown call is not an error.
        call = self._registry.find(payload.get("callsid"), token.caller.identity)
        if call is None:
            return
        if kind == "hangup":
            call.hang_up()
        elif kind == "dtmf":
            call.add_digits(str(payload["dtmf"]))
        elif kind == "reinvite":
            self._registry.renegotiate(call, str(payload["sdp"]))
        elif kind == "message":
            event = payload.get("voiceeventsid") or new_sid("KX")
            self.send("ack", {"acktype": "message", "callsid": call.sid, "voiceeventsid": event})

    def _error(self, code: int, message: str) -> None:
        self.send("error", {"error": {"code": code, "message": message}})
