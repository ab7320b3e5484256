"""The sandbox carrier as a process: its printed address, calls with audio, refused requests, its end."""

import io
import json
import os
import subprocess
import sys
import wave
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote

import httpx
import numpy as np
import pytest
import uvicorn
from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack
from anyio import create_task_group, fail_after
from av import AudioFrame
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from twilio.jwt.access_token import AccessToken
from twilio.jwt.access_token.grants import VoiceGrant
from websockets.asyncio.client import ClientConnection, connect

from carrier.account import ApplicationUrls
from carrier.port import DialPlan
from carrier.twilio_account import TwilioAccountAdmin
from kit.settings import load_settings
from support.local_http import local_client

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
ACCOUNT = load_settings({}).twilio
COMMAND = [sys.executable, "-m", "sandbox"]


def environment(data: Path, **more: str) -> dict[str, str]:
    path = os.pathsep.join(sys.path)
    return {"PATH": os.environ["PATH"], "PYTHONPATH": path, "EPOCH_DATA_DIR": str(data), **more}


@pytest.fixture
def process(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    env = environment(tmp_path, EPOCH_SANDBOX_SPEED="10")
    with subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env) as child:
        yield child
        if child.stdin is not None:
            child.stdin.close()
        try:
            assert child.wait(15) == 0
        finally:
            child.kill()


@pytest.fixture
def address(process: subprocess.Popen[bytes]) -> str:
    assert process.stdout is not None
    return str(json.loads(process.stdout.readline())["address"])


class Voice(AudioStreamTrack):
    """A caller who hums."""

    async def recv(self) -> AudioFrame:
        frame = await super().recv()
        assert isinstance(frame, AudioFrame)
        hum = (8000 * np.sin(np.arange(frame.samples) / 3)).astype(np.int16)
        frame.planes[0].update(hum.tobytes())
        return frame


class Product:
    """Serves carrier callbacks: dials the requested number and records the received forms."""

    def __init__(self, carrier: TwilioAccountAdmin, url: str) -> None:
        self.carrier, self.url = carrier, url
        self.received: list[dict[str, str]] = []
        routes = [Route(path, self.hear, methods=["POST"]) for path in ("/voice", "/status", "/ended")]
        self.app = Starlette(routes=routes)

    async def hear(self, request: Request) -> Response:
        pairs = parse_qsl((await request.body()).decode(), keep_blank_values=True)
        url = f"{self.url}{request.url.path}?hook=1"
        assert self.carrier.signature_is_valid(url, pairs, request.headers.get("x-twilio-signature"))
        form = dict(pairs)
        self.received.append(form)
        if request.url.path != "/voice":
            return Response(self.carrier.finish())
        hooks = (f"{self.url}/status?hook=1", f"{self.url}/ended?hook=1")
        return Response(self.carrier.dial(DialPlan(form["To"], "+14155550100", *hooks)))


async def receive(socket: ClientConnection, kind: str) -> dict[str, Any]:
    """The next message of ``kind``; other messages are ignored."""
    with fail_after(20):
        while True:
            message = json.loads((await socket.recv()).strip() or "{}")
            if message.get("type") == kind:
                return dict(message["payload"])


async def send(socket: ClientConnection, kind: str, **payload: object) -> None:
    await socket.send(json.dumps({"type": kind, "version": "1.6", "payload": payload}))


def token() -> str:
    made = AccessToken(ACCOUNT.account_sid, ACCOUNT.api_key_sid, ACCOUNT.api_key_secret, identity="w_1", ttl=60)
    made.add_grant(VoiceGrant(outgoing_application_sid=ACCOUNT.twiml_app_sid))
    return str(made.to_jwt())


@asynccontextmanager
async def product_and_browser(address: str) -> AsyncIterator[tuple[Product, RTCPeerConnection, httpx.AsyncClient]]:
    """A product that serves, a browser with its offer, and a client of the sandbox."""
    carrier = TwilioAccountAdmin(ACCOUNT, api_base=f"http://{address}", signaling=address)
    config = uvicorn.Config(Starlette(), port=0, lifespan="off", log_level="warning")
    listener = config.bind_socket()
    product = Product(carrier, f"http://127.0.0.1:{listener.getsockname()[1]}")
    config.app = product.app
    server = uvicorn.Server(config)
    peer = RTCPeerConnection()
    peer.addTrack(Voice())
    await peer.setLocalDescription(await peer.createOffer())
    async with create_task_group() as group, local_client(base_url=f"http://{address}") as watch:
        group.start_soon(server.serve, [listener])
        yield product, peer, watch
        await peer.close()
        await carrier.close()
        server.should_exit = True


async def test_a_call_with_audio_both_ways_survives_its_socket(address: str) -> None:
    async with product_and_browser(address) as (product, peer, watch):
        urls = ApplicationUrls(
            voice=f"{product.url}/voice?hook=1", fallback=f"{product.url}/no", status=f"{product.url}/status?hook=1"
        )
        await product.carrier.update_application(ACCOUNT.twiml_app_sid, "Epoch Voice", urls)
        async with connect(f"ws://{address}/signal") as socket:
            await send(socket, "listen", token=token(), reconnectTimeout=20)
            assert (await receive(socket, "connected"))["token"]["identity"] == "w_1"
            sdp, params = peer.localDescription.sdp, f"To={quote('+12125550177')}&CallId=c"
            await send(socket, "invite", callsid="TJS1", sdp=sdp, twilio={"params": params})
            sid = (await receive(socket, "ringing"))["callsid"]
            answer = await receive(socket, "answer")
            await peer.setRemoteDescription(RTCSessionDescription(answer["sdp"], "answer"))
            await send(socket, "dtmf", callsid=sid, dtmf="1")
        async with connect(f"ws://{address}/signal") as socket:
            await send(socket, "listen", token=token(), reconnectTimeout=20)
            await send(socket, "invite", callsid=sid, sdp="", reconnect=answer["reconnect"])
            assert await receive(socket, "answer") == {"callsid": sid, "reconnect": answer["reconnect"]}
            heard = 0.0
            with fail_after(20):
                while heard == 0.0:
                    await peer.getReceivers()[0].track.recv()
                    heard = (await watch.get("/sandbox/calls")).json()[0]["energy_out"]
            call = (await watch.get("/sandbox/calls")).json()[0]
            await send(socket, "hangup", callsid=sid)
            assert (await receive(socket, "hangup"))["callsid"] == sid
        with fail_after(20):
            while not any("CallDuration" in form and "ParentCallSid" not in form for form in product.received):
                await watch.get("/sandbox/calls")
    assert (call["status"], call["dtmf"], call["params"]["CallId"]) == ("in-progress", "1", "c")
    assert call["energy_in"] > 0
    statuses = [form["CallStatus"] for form in product.received if "ParentCallSid" in form]
    assert statuses == ["initiated", "ringing", "in-progress", "completed"]


async def test_a_mailbox_records_the_browser_after_its_beep(address: str) -> None:
    async with product_and_browser(address) as (product, peer, watch):
        urls = ApplicationUrls(voice=f"{product.url}/voice?hook=1", fallback="", status="")
        await product.carrier.update_application(ACCOUNT.twiml_app_sid, "Epoch Voice", urls)
        async with connect(f"ws://{address}/signal") as socket:
            await send(socket, "listen", token=token())
            await receive(socket, "connected")
            sdp, params = peer.localDescription.sdp, f"To={quote('+12125550107')}&CallId=c"
            await send(socket, "invite", callsid="TJS1", sdp=sdp, twilio={"params": params})
            answer = await receive(socket, "answer")
            await peer.setRemoteDescription(RTCSessionDescription(answer["sdp"], "answer"))
            heard = 0.0
            with fail_after(20):
                # Two seconds of sound; greeting and beep take half a second here.
                while heard < 0.06:
                    heard = (await watch.get("/sandbox/calls")).json()[0]["energy_in"]
            await send(socket, "hangup", callsid=answer["callsid"])
            await receive(socket, "hangup")
        recording = (await watch.get("/sandbox/calls")).json()[0]["recording_sid"]
        audio = (await watch.get(f"/sandbox/recordings/{recording}")).content
    with wave.open(io.BytesIO(audio)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)
    assert np.abs(samples).max() > 2000


async def test_a_bad_token_gets_an_error_and_the_socket_stays_open(address: str) -> None:
    async with connect(f"ws://{address}/signal") as socket:
        await send(socket, "listen", token="nonsense")
        assert (await receive(socket, "error"))["error"]["code"] == 31204
        await socket.send("not json")
        assert (await receive(socket, "error"))["error"]["code"] == 31100
        await send(socket, "listen", token=token())
        assert (await receive(socket, "connected"))["token"]["identity"] == "w_1"


def test_it_does_not_start_in_production(tmp_path: Path) -> None:
    env = environment(tmp_path, EPOCH_ENV="production")
    done = subprocess.run(COMMAND, env=env, capture_output=True, check=False, timeout=30)
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"EPOCH_CARRIER" in done.stderr


@pytest.mark.parametrize("percent", ["101", "-1", "some", ""])
async def test_a_share_of_packets_that_cannot_be_lost_is_refused(address: str, percent: str) -> None:
    async with local_client(base_url=f"http://{address}") as client:
        refused = await client.post("/sandbox/lose-packets", params={"percent": percent})
        assert (refused.status_code, refused.json()["message"]) == (400, "percent must be a whole number from 0 to 100")
        assert (await client.post("/sandbox/lose-packets", params={"percent": "5"})).json() == {"calls": 0}


async def test_websites_cannot_reach_it_through_a_browser(address: str) -> None:
    port = address.rpartition(":")[2]
    refused = (
        {"host": "evil.example"},
        {"host": f"evil.example:{port}"},
        {"host": f"localhost.evil.example:{port}"},
        {"host": "localhost:1"},
        {"host": "localhost:port"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": f"http://localhost:{port}"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    )
    async with local_client(base_url=f"http://{address}") as browser:
        for headers in refused:
            for method, path in (("GET", "/sandbox/calls"), ("POST", "/sandbox/drop-sockets"), ("GET", "/2010-04-01")):
                answer = await browser.request(method, path, headers=headers)
                assert answer.status_code == 403, (method, path, headers)
        for host in (address, f"127.0.0.1:{port}", f"[::1]:{port}"):
            headers = {"host": host, "sec-fetch-site": "none"}
            assert (await browser.get("/sandbox/calls", headers=headers)).status_code == 200
