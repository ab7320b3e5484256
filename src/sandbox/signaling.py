"""The signalling socket that the browser's voice SDK speaks to: JSON messages, one object each, versioned 1.6."""

import asyncio
import json
import logging
import time
from typing import Any
from urllib.parse import parse_qsl

from starlette.websockets import WebSocket, WebSocketDisconnect

from kit.settings import CarrierSettings
from sandbox import access_tokens
from sandbox.call_registry import Switchboard
from sandbox.legs import new_sid

HEARTBEAT_SECONDS = 5.0
"""The SDK gives a socket up after 15 s without a text frame; WebSocket pings do not count."""
MAX_GRACE_SECONDS = 30
MALFORMED, NOT_AUTHENTICATED, REATTACH_FAILED = 31100, 31204, 31209
HOME = {"region": "US_EAST_VIRGINIA", "edge": "sandbox", "home": "us1", "gateway": "sandbox"}

logger = logging.getLogger(__name__)


class Signaling:
    """All sockets; an ASGI endpoint is ``serve``."""

    def __init__(self, switchboard: Switchboard, account: CarrierSettings) -> None:
        self._switchboard = switchboard
        self._account = account
        self._sessions: set[Session] = set()

    async def serve(self, websocket: WebSocket) -> None:
        session = Session(websocket, self._switchboard, self._account)
        self._sessions.add(session)
        try:
            await session.run()
        finally:
            self._sessions.discard(session)

    def drop(self, code: int) -> int:
        """Close every socket with ``code``; returns how many there were."""
        sessions = list(self._sessions)
        for session in sessions:
            session.drop(code)
        return len(sessions)


class Session:
    """One socket of one browser."""

    def __init__(self, websocket: WebSocket, switchboard: Switchboard, account: CarrierSettings) -> None:
        self._websocket = websocket
        self._switchboard = switchboard
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
            self._switchboard.detach(self, self._grace_seconds)

    def send(self, kind: str, payload: dict[str, object]) -> None:
        self._outbox.put_nowait(json.dumps({"type": kind, "version": "1.6", "payload": payload}))

    def drop(self, code: int) -> None:
        """Close the socket with ``code`` after what was sent before."""
        self._outbox.put_nowait(code)

    async def _write(self) -> None:
        """Send what waits, in order, and a heartbeat whenever nothing did for a while."""
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
                return  # the reader learns of the end by itself

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
            self._in_call(kind, payload, self._token)

    def _listen(self, payload: dict[str, Any]) -> None:
        try:
            self._token = access_tokens.read(payload.get("token"), self._account)
        except access_tokens.TokenError as error:
            # The socket stays open: closing it here makes the SDK reconnect ten times a second for ever.
            self._error(error.code, error.message)
            return
        self._grace_seconds = float(min(max(payload.get("reconnectTimeout") or 0, 0), MAX_GRACE_SECONDS))
        ttl = int(self._token.expires_at - time.time())
        self.send("connected", {**HOME, "token": {"identity": self._token.caller.identity, "ttl": ttl}})

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
        self._switchboard.open(self, token.caller, temporary_sid=temporary_sid, params=params, offer=offer)

    def _reattach(self, token: access_tokens.AccessToken, payload: dict[str, Any]) -> None:
        if not self._switchboard.attach(payload["reconnect"], token.caller.identity, self):
            error = {"code": REATTACH_FAILED, "message": "The call is over"}
            self.send("hangup", {"callsid": payload["callsid"], "error": error})

    def _in_call(self, kind: str, payload: dict[str, Any], token: access_tokens.AccessToken) -> None:
        # A hang-up may come for a call that never reached the carrier, so an unknown call is no error.
        call = self._switchboard.find(payload.get("callsid"), token.caller.identity)
        if call is None:
            return
        if kind == "hangup":
            call.hang_up()
        elif kind == "dtmf":
            call.hear_digits(str(payload["dtmf"]))
        elif kind == "reinvite":
            self._switchboard.renegotiate(call, str(payload["sdp"]))
        elif kind == "message":
            event = payload.get("voiceeventsid") or new_sid("KX")
            self.send("ack", {"acktype": "message", "callsid": call.sid, "voiceeventsid": event})

    def _error(self, code: int, message: str) -> None:
        self.send("error", {"error": {"code": code, "message": message}})
