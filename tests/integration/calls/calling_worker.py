"""A worker of the product that receives many calls at once, for the tests of limits across processes.

Arguments: a token's id and how many calls. Says ``ready``, waits for a line, and prints how many were dialled.
"""

import asyncio
import os
import sys
from uuid import UUID

import httpx

from epoch.app import create_app
from kit.settings import load_settings
from support.asgi import asgi_transport
from support.callback_client import CallbackClient, new_sid


async def main(token_id: UUID, calls: int) -> None:
    settings = load_settings(os.environ)
    app = create_app(settings)
    async with app.lifespan():
        transport = asgi_transport(app)
        async with httpx.AsyncClient(transport=transport, base_url=settings.public_url) as client:
            callbacks = CallbackClient(client, settings)
            sys.stdout.write("ready\n")
            sys.stdout.flush()
            await asyncio.to_thread(sys.stdin.readline)
            answers = await asyncio.gather(*(callbacks.outgoing(token_id, new_sid()) for _ in range(calls)))
    assert {answer.status_code for answer in answers} == {200}
    dialled = sum(b"<Dial " in answer.content for answer in answers)
    sys.stdout.write(f"dialled {dialled}\n")


asyncio.run(main(UUID(sys.argv[1]), int(sys.argv[2])))
