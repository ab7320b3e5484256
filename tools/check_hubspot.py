"""Tries the requests of ``src/crm`` with a real HubSpot account: creates a call on a contact and changes it.

    EPOCH_HUBSPOT_TOKEN=pat-… .venv/bin/python tools/check_hubspot.py CONTACT_ID

The token is read from the environment, so that no list of processes shows it. The call stays in HubSpot: delete it.
"""

import asyncio
import os
import sys
from uuid import uuid4

from crm.engagement import Record
from crm.failures import CALL_PROPERTY
from crm.hubspot_api import HubSpotApi, HubSpotRefused, HubSpotUnreachable
from kit.clock import utc_now
from kit.schemas import rfc3339
from kit.settings import HUBSPOT_URL


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


async def check(token: str, contact_id: str) -> None:
    """Print a line for each step. Raises: HubSpotRefused, HubSpotUnreachable."""
    record = Record("contacts", contact_id)
    properties = {
        CALL_PROPERTY: str(uuid4()),
        "hs_timestamp": rfc3339(utc_now()) or "",
        "hs_call_title": "Call of tools/check_hubspot.py",
        "hs_call_direction": "OUTBOUND",
        "hs_call_to_number": "+12125550101",
        "hs_call_from_number": "+12125550100",
        "hs_call_status": "COMPLETED",
        "hs_call_duration": "42000",
        "hs_call_body": "Written by a check; delete it.",
        "hs_call_disposition": "",
    }
    async with HubSpotApi(HUBSPOT_URL).session(token) as hubspot:
        info = await hubspot.read_token()
        _say(f"token: account {info.portal_id}, scopes {'not told' if info.scopes is None else ', '.join(info.scopes)}")
        await hubspot.ensure_property()
        _say(f"property {CALL_PROPERTY}: there")
        _say(f"contact {contact_id}: {'there' if await hubspot.has_record(record) else 'not found'}")
        _say(f"contact 1: {'there' if await hubspot.has_record(Record('contacts', '1')) else 'not found'}")
        first = await hubspot.upsert_call(properties)
        second = await hubspot.upsert_call(properties)
        _say(f"call written twice: {'one call, ' + first if first == second else f'TWO CALLS, {first} and {second}'}")
        await hubspot.associate(first, record)
        await hubspot.associate(first, record)
        _say("association, twice: done")
        await hubspot.update_call(first, {"hs_call_body": "Changed by a check; delete it."})
        _say("change: done")
        _say(f"outcomes of the account: {', '.join(await hubspot.list_dispositions())}")


def main() -> int:
    """Return 0 when every step was answered."""
    token, arguments = os.environ.get("EPOCH_HUBSPOT_TOKEN", ""), sys.argv[1:]
    if not token or len(arguments) != 1 or not arguments[0].isdigit():
        _say("Set EPOCH_HUBSPOT_TOKEN, and name the id of a contact of that account")
        return 2
    try:
        asyncio.run(check(token, arguments[0]))
    except HubSpotRefused as error:
        _say(f"refused: {error.status}, {error.category}, scopes {', '.join(error.scopes) or 'not named'}")
        return 1
    except HubSpotUnreachable:
        _say("HubSpot did not answer, or not in the documented form")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
