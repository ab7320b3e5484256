"""The webhook guide's example receivers, run as programs: they accept events that the product signed, and no others."""

import datetime as dt
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import anyio
import pytest

from guide.guide_source import read_guide
from kit.clock import utc_now
from support.aborted_request import abort_request
from support.browser.guide import EXAMPLE, runs
from support.local_http import local_client
from support.ports import unused_port
from webhooks.signatures import new_secret, signature_headers

pytestmark = pytest.mark.anyio
EXAMPLES: Mapping[str, str] = dict(EXAMPLE.findall(read_guide("webhooks", "https://voice.example", "").text))
BODY = '{"id":"1","type":"call.ended","sequence":7,"data":{"status":"completed","name":"Zoë"}}'


@asynccontextmanager
async def running(name: str, folder: Path, secret: str) -> AsyncIterator[str]:
    """The address of the receiver ``name``."""
    port = unused_port()
    file = folder / name
    file.write_text(EXAMPLES[name].replace("whsec_YOUR_SECRET", secret).replace("8080", str(port)))
    program = [sys.executable, str(file)] if name.endswith(".py") else ["node", str(file)]
    async with await anyio.open_process(program) as process:
        try:
            with anyio.fail_after(60):
                while True:
                    try:
                        await (await anyio.connect_tcp("localhost", port)).aclose()
                        break
                    except OSError:
                        await anyio.sleep(0.05)
            yield f"http://localhost:{port}"
        finally:
            process.kill()


@runs("receiver.py", "receiver.mjs")
@pytest.mark.parametrize("name", ["receiver.py", "receiver.mjs"])
async def test_a_receiver_takes_signed_events_only(name: str, tmp_path: Path) -> None:
    secret, now = new_secret(), utc_now()
    event_id = uuid4()
    good = signature_headers(event_id, BODY, now, [secret])
    sent = [
        (good, BODY, 204),
        (signature_headers(event_id, BODY, now, [new_secret(), secret]), BODY, 204),
        (good, BODY.replace("completed", "failed"), 400),
        ({**good, "webhook-id": str(uuid4())}, BODY, 400),
        (signature_headers(event_id, BODY, now, [new_secret()]), BODY, 400),
        (signature_headers(event_id, BODY, now - dt.timedelta(minutes=6), [secret]), BODY, 400),
        ({**good, "webhook-signature": "v1"}, BODY, 400),
        ({}, BODY, 400),
    ]
    async with running(name, tmp_path, secret) as address, local_client() as client:
        await abort_request(address)
        for headers, body, status in sent:
            answer = await client.post(address, content=body.encode(), headers=headers)
            assert answer.status_code == status, headers
