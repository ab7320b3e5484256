"""Serves the sandbox carrier's REST API for an account whose calls the test defines."""

import asyncio
import contextlib
import datetime as dt
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import uvicorn
from starlette.applications import Starlette

from carrier.twilio import TwilioCarrier
from kit.clock import utc_now
from kit.settings import CarrierSettings
from sandbox.account_store import AccountStore
from sandbox.call_registry import CallRegistry
from sandbox.calls_and_numbers_rest import CallsAndNumbersRest
from sandbox.legs import Leg, Status
from sandbox.recordings import Recordings
from sandbox.recordings_rest import RecordingsRest
from sandbox.switches import Switches
from sandbox.transcriptions_rest import TranscriptionsRest
from support.callback_client import new_sid


class CarrierAccount:
    """The account's calls and recordings. Stands in for the call registry, with the methods that the REST API uses."""

    def __init__(self, carrier: TwilioCarrier, recordings: Recordings) -> None:
        self.carrier = carrier
        self.recordings = recordings
        self.known: list[Leg] = []
        self.switches = Switches()

    def legs(self) -> list[tuple[Any, Leg]]:
        return [(None, leg) for leg in self.known]

    def delete_leg(self, leg: Leg) -> None:
        self.known.remove(leg)

    def add(
        self,
        sid: str,
        status: str,
        *,
        parent: str | None = None,
        seconds: int = 0,
        ended: dt.datetime | None = None,
        caller: str = "+14155550100",
        error_code: int | None = None,
    ) -> Leg:
        """Add a leg that was connected for ``seconds``; it ended at ``ended`` when its status is final."""
        is_over, end = Status(status).is_final, ended or utc_now()
        leg = Leg(sid, caller, "+12125550147", end - dt.timedelta(seconds=seconds + 5), parent, Status(status))
        leg.answered = end - dt.timedelta(seconds=seconds) if seconds else None
        leg.ended = end if is_over else None
        leg.error_code = error_code
        self.known.append(leg)
        return leg

    def add_call(
        self,
        sid: str,
        status: str,
        *,
        seconds: int = 0,
        ended: dt.datetime | None = None,
        caller: str = "+14155550100",
    ) -> Leg:
        """Add both legs of a call whose dialled leg has ``status``; return the dialled leg."""
        parent_status = "completed" if Status(status).is_final else "in-progress"
        self.add(sid, parent_status, seconds=seconds, ended=ended, caller=caller)
        return self.add(new_sid(), status, parent=sid, seconds=seconds, ended=ended)


@contextlib.asynccontextmanager
async def open_carrier_account(account: CarrierSettings, folder: Path) -> AsyncIterator[CarrierAccount]:
    """Serve the REST API of an account without calls on a loopback address."""
    listener = socket.create_server(("127.0.0.1", 0))
    address = f"127.0.0.1:{listener.getsockname()[1]}"
    carrier = TwilioCarrier(account, api_base=f"http://{address}", signaling=None)
    carrier_account = CarrierAccount(carrier, Recordings(folder))
    store = AccountStore(folder, account.twiml_app_sid)
    rest = CallsAndNumbersRest(account, store, cast(CallRegistry, carrier_account))
    recordings = RecordingsRest(account, carrier_account.recordings)
    transcriptions = TranscriptionsRest(account, carrier_account.recordings)
    routes = [*rest.routes(), *recordings.routes(), *transcriptions.routes()]
    server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), log_level="warning", lifespan="off"))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield carrier_account
    finally:
        await carrier_account.carrier.close()
        server.should_exit = True
        await serving
