"""The example receivers of both packages that verify webhooks, run as programs: they accept only our deliveries."""

import os
import shutil
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from uuid import uuid4

import anyio
import pytest
import sqlalchemy as sa

from events.emit import emit
from events.event_types import EventType
from events.sequencer import EventSequencer
from kit.clock import utc_now
from kit.db.database import Database
from kit.schemas import ResponseModel
from kit.settings import Settings
from support.aborted_request import abort_request
from support.factories import Factory
from support.local_http import local_client
from support.ports import unused_port
from webhooks.deliverer import WebhookDeliverer
from webhooks.fan_out import queue_deliveries
from webhooks.models import DeliveryState, WebhookDelivery, WebhookEndpoint
from webhooks.resolver import DnsResolver
from webhooks.sender import WebhookSender
from webhooks.signatures import new_secret, secret_encryptor, signature_headers

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[3]
PYTHON = ROOT / "packages/webhooks-python"
NODE = ROOT / "packages/webhooks-node"
BODY = '{"id":"1","type":"call.ended","sequence":7,"data":{"name":"Zoë"}}'


class Note(ResponseModel, frozen=True, kw_only=True):
    name: str


@asynccontextmanager
async def running(program: Sequence[str], secret: str, **environment: str) -> AsyncIterator[str]:
    """The address of the receiver that ``program`` starts."""
    port = unused_port()
    variables = {**os.environ, **environment, "EPOCH_WEBHOOK_SECRET": secret, "PORT": str(port)}
    async with await anyio.open_process(program, env=variables) as process:
        try:
            with anyio.fail_after(60):
                while True:
                    try:
                        await (await anyio.connect_tcp("127.0.0.1", port)).aclose()
                        break
                    except OSError:
                        await anyio.sleep(0.05)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()


@asynccontextmanager
async def receivers(secret: str, folder: Path) -> AsyncIterator[Mapping[str, str]]:
    """The addresses of both packages' receivers, by language."""
    # A module of Node.js finds its packages beside its real path.
    (folder / "node_modules").symlink_to(ROOT / "frontend/node_modules")
    shutil.copytree(NODE, folder / "package")
    node = ["node", str(folder / "package/examples/receiver.mjs")]
    python = [sys.executable, str(PYTHON / "examples/receiver.py")]
    async with AsyncExitStack() as stack:
        yield {
            "python": await stack.enter_async_context(running(python, secret, PYTHONPATH=str(PYTHON / "src"))),
            "node": await stack.enter_async_context(running(node, secret)),
        }


async def test_a_delivery_is_verified_by_the_libraries_of_both_languages(
    jobs: Database, own_settings: Settings, tmp_path: Path
) -> None:
    secret, encryptor = new_secret(), secret_encryptor(own_settings.secret_keys)
    organization_id = (await Factory(jobs, own_settings).tenant()).organization.id
    sender = WebhookSender(DnsResolver(), is_sandbox=True)

    async def never_pause(*_: object) -> None:
        raise AssertionError("a receiver is paused only after three days of failures")

    async with receivers(secret, tmp_path) as urls:
        wanted = {}
        async with jobs.sessions() as session, session.begin():
            for name, url in urls.items():
                for path, key, state in (
                    ("same", secret, DeliveryState.DELIVERED),
                    ("other", new_secret(), DeliveryState.PENDING),
                ):
                    address = f"{url}/{path}"
                    wanted[address] = (name, state, 204 if state is DeliveryState.DELIVERED else 400)
                    session.add(
                        WebhookEndpoint(
                            organization_id=organization_id,
                            url=address,
                            events=[EventType.CALL_MISSED.value],
                            secret=encryptor.encrypt(key.encode()),
                        )
                    )
            await emit(session, organization_id, EventType.CALL_MISSED, Note(name="Zoë 🎉"), subject_id=organization_id)
        await EventSequencer(jobs, {}, [queue_deliveries]).run_once()
        await WebhookDeliverer(jobs, sender, encryptor, pause=never_pause).run_due()
    async with jobs.sessions() as session:
        columns = sa.select(WebhookEndpoint.url, WebhookDelivery.state, WebhookDelivery.attempts)
        mine = WebhookEndpoint.organization_id == organization_id
        rows = await session.execute(columns.join(WebhookDelivery).where(mine))
        found = {url: (wanted[url][0], state, attempts[0]["status"]) for url, state, attempts in rows}
    assert found == wanted


async def test_a_request_that_is_not_ours_is_refused_whatever_its_form(tmp_path: Path) -> None:
    secret = new_secret()
    good = signature_headers(uuid4(), BODY, utc_now(), [secret])
    requests: list[tuple[dict[str, str], str | bytes, int]] = [
        (good, BODY, 204),
        ({**good, "webhook-signature": "v1,AAAA v2"}, BODY, 400),
        ({**good, "webhook-signature": "v1"}, BODY, 400),
        ({**good, "webhook-signature": "v1,!"}, BODY, 400),
        ({**good, "webhook-timestamp": "nan"}, BODY, 400),
        (good, BODY.replace("Zoë", "Zoe"), 400),
        (good, b"\xff\xfe", 400),
        ({}, "", 400),
    ]
    async with receivers(secret, tmp_path) as urls, local_client() as client:
        for url in urls.values():
            await abort_request(url)  # a request that breaks off must not stop the receiver
            for headers, body, status in requests:
                answer = await client.post(url, content=body, headers=headers)
                assert (url, headers, answer.status_code) == (url, headers, status)
