"""``/.well-known/security.txt``: the fields of RFC 9116, with the contact of the settings."""

import datetime as dt

import httpx
import msgspec
import pytest

from epoch.security_txt import SECURITY_TXT_PATH
from kit.clock import utc_now
from kit.environment import SettingsError
from kit.settings import Settings, load_settings

pytestmark = pytest.mark.anyio


async def test_the_file_has_the_fields_of_the_standard(client: httpx.AsyncClient, settings: Settings) -> None:
    answer = await client.get(SECURITY_TXT_PATH)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    fields = dict(line.split(": ", 1) for line in answer.text.splitlines())
    expires = dt.datetime.fromisoformat(fields.pop("Expires"))
    assert utc_now() + dt.timedelta(days=100) < expires < utc_now() + dt.timedelta(days=365)
    assert fields == {
        "Contact": "mailto:support@localhost",
        "Canonical": f"{settings.public_url}{SECURITY_TXT_PATH}",
        "Policy": f"{settings.public_url}/security-policy",
        "Preferred-Languages": "en",
    }
    policy = await client.get("/security-policy")
    assert policy.status_code == 200
    assert "support@localhost" in policy.text


def test_the_contact_is_the_settings(settings: Settings) -> None:
    named = msgspec.structs.replace(settings, contact_email="security@voice.example")
    assert named.contact == "security@voice.example"


@pytest.mark.parametrize("value", ["nobody", "a@b c", "a@b\nContact: x", "@example.com"])
def test_a_contact_that_is_no_address_is_refused(value: str) -> None:
    with pytest.raises(SettingsError, match="EPOCH_CONTACT_EMAIL must be an e-mail address"):
        load_settings({"EPOCH_CONTACT_EMAIL": value})
