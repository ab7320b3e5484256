"""A process that buys or releases a number and kills itself at a chosen step.

Arguments: the point, the organization's id, and the number to buy or the id of the number to release.
"""

import asyncio
import os
import signal
import sys
from typing import Any
from uuid import UUID

from carrier.twilio import TwilioCarrier
from epoch.phone_number_jobs import build_number_provisioning
from kit.actor import SYSTEM
from kit.db.database import Database
from kit.settings import load_settings


class MortalCarrier(TwilioCarrier):
    """The carrier's adapter in a process that dies before or after one of its calls."""

    point = ""

    async def buy_number(self, e164: str, **fields: Any) -> Any:
        self._reach("before-buying")
        bought = await super().buy_number(e164, **fields)
        self._reach("after-buying")
        return bought

    async def release_number(self, sid: str) -> None:
        self._reach("before-releasing")
        await super().release_number(sid)
        self._reach("after-releasing")

    def _reach(self, point: str) -> None:
        if point == self.point:
            os.kill(os.getpid(), signal.SIGKILL)


async def main(point: str, organization_id: UUID, subject: str) -> None:
    settings = load_settings(os.environ)
    assert settings.database_url is not None
    database = Database(settings.database_url)
    carrier = MortalCarrier(settings.twilio, api_base=f"http://{settings.sandbox_address}", signaling=None)
    carrier.point = point
    provisioning = build_number_provisioning(database, carrier)
    if point.endswith("buying") or point == "bought":
        await provisioning.purchaser.buy(organization_id, subject, by=SYSTEM)
    else:
        await provisioning.releaser.release(organization_id, UUID(subject), by=SYSTEM)
    os.kill(os.getpid(), signal.SIGKILL)


asyncio.run(main(sys.argv[1], UUID(sys.argv[2]), sys.argv[3]))
