"""Starts a sandbox carrier and an application that answers its callbacks with documents; places incoming calls."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx
import uvicorn
from anyio import create_task_group, fail_after
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from twilio.request_validator import RequestValidator

from kit.settings import CarrierSettings, load_settings
from sandbox.app import SandboxCarrier, negotiate_webrtc
from sandbox.call_registry import MediaNegotiator
from support.local_http import local_client
from support.sandbox_server import served

NUMBER, CALLER = "+14155550100", "+12125550177"
WAIT_SECONDS = 30
SPEED = "40"


class AnsweringApplication:
    """Answers a callback with the document or audio for its path; with 404 if there is none."""

    def __init__(self, account: CarrierSettings) -> None:
        self.documents: dict[str, str | bytes] = {}
        self.url = ""
        self.received: list[tuple[str, dict[str, str]]] = []
        self.rung: set[str] = set()
        """The SIDs of the incoming calls."""
        self._earlier: set[str] = set()
        self._arrival = asyncio.Event()
        self._validator = RequestValidator(account.auth_token)
        self.app = Starlette(routes=[Route("/{path:path}", self._answer, methods=["GET", "POST"])])

    def forget(self) -> None:
        """Remove all documents and forms. Forms of earlier calls that still arrive are ignored."""
        self._earlier |= self.rung | {form.get("CallSid", "") for _, form in self.received}
        self.documents, self.received = {}, []

    def forms(self, path: str) -> list[dict[str, str]]:
        return [form for received, form in self.received if received == path]

    async def form(self, path: str, count: int = 1) -> dict[str, str]:
        """Wait until ``path`` has received ``count`` forms; return the last one."""
        with fail_after(WAIT_SECONDS):
            while len(self.forms(path)) < count:
                self._arrival.clear()
                await self._arrival.wait()
        return self.forms(path)[-1]

    async def _answer(self, request: Request) -> Response:
        pairs = parse_qsl((await request.body()).decode(), keep_blank_values=True)
        signature = request.headers.get("x-twilio-signature", "")
        assert self._validator.validate(f"{self.url}{request.url.path}", dict(pairs), signature)
        form = dict(pairs)
        if not self._earlier & {form.get("CallSid", ""), form.get("ParentCallSid", "")} - {""}:
            self.received.append((request.url.path, form))
            self._arrival.set()
        document = self.documents.get(request.url.path)
        if document is None:
            return Response(status_code=404)
        if isinstance(document, bytes):
            return Response(document, media_type="audio/wav")
        return Response(f"<Response>{document}</Response>", media_type="text/xml")


class IncomingCallBench:
    """A sandbox carrier with one number whose calls an application answers."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        application: AnsweringApplication,
        account: CarrierSettings,
        sandbox: SandboxCarrier,
    ) -> None:
        self.client, self.application, self.account, self.sandbox = client, application, account, sandbox
        self.rest = f"/2010-04-01/Accounts/{account.account_sid}"
        self.auth = (account.account_sid, account.auth_token)

    @classmethod
    @contextlib.asynccontextmanager
    async def opened(
        cls, data: Path, negotiate: MediaNegotiator = negotiate_webrtc
    ) -> AsyncIterator["IncomingCallBench"]:
        """Start both; ``negotiate`` makes the audio of calls from browsers."""
        settings = load_settings({"EPOCH_DATA_DIR": str(data), "EPOCH_SANDBOX_SPEED": SPEED})
        sandbox = SandboxCarrier(settings, negotiate=negotiate)
        application = AnsweringApplication(settings.twilio)
        config = uvicorn.Config(application.app, port=0, lifespan="off", log_level="warning")
        listener = config.bind_socket()
        application.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server = uvicorn.Server(config)
        async with create_task_group() as group, served(sandbox) as url:
            group.start_soon(server.serve, [listener])
            async with local_client(base_url=url) as client:
                bench = cls(client, application, settings.twilio, sandbox)
                await bench.buy()
                yield bench
            await sandbox.close()
            server.should_exit = True

    async def buy(self, number: str = NUMBER) -> dict[str, Any]:
        """Buy a number whose calls the application answers."""
        fields = {"VoiceUrl": "/incoming", "VoiceFallbackUrl": "/fallback", "StatusCallback": "/ended"}
        form = {"PhoneNumber": number, **{name: self.application.url + path for name, path in fields.items()}}
        answer = await self.client.post(f"{self.rest}/IncomingPhoneNumbers.json", data=form, auth=self.auth)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def ring(self, *script: dict[str, object], from_: str = CALLER, **more: object) -> str:
        """Call the number from outside; return the call's SID."""
        wanted = {"from": from_, "to": NUMBER, "script": list(script), **more}
        answer = await self.client.post("/sandbox/incoming-calls", json=wanted)
        assert answer.status_code == 201, answer.text
        sid = str(answer.json()["sid"])
        self.application.rung.add(sid)
        return sid

    async def change_leg(self, sid: str, **fields: str) -> httpx.Response:
        """Update a leg by REST, as the account does."""
        return await self.client.post(f"{self.rest}/Calls/{sid}.json", data=fields, auth=self.auth)

    async def call(self, sid: str) -> dict[str, Any]:
        calls = (await self.client.get("/sandbox/calls")).json()
        return next(call for call in calls if call["sid"] == sid)

    async def reached(self, sid: str, number: str, stage: str) -> dict[str, Any]:
        """Wait until the call's leg to ``number`` is at ``stage``; return the leg."""
        with fail_after(WAIT_SECONDS):
            while True:
                for leg in (await self.call(sid))["legs"]:
                    if (leg["to"], leg["stage"]) == (number, stage):
                        return dict(leg)

    async def ended(self, sid: str) -> dict[str, Any]:
        """Wait until the call is over; return it."""
        with fail_after(WAIT_SECONDS):
            while (call := await self.call(sid))["legs"][0]["stage"] != "over":
                # While this waits for the response, the sandbox works on the call.
                pass
        return call
