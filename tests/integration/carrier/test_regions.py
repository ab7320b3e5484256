"""The carrier's regions: the host of requests, the edges of browsers, and what ``epoch doctor`` says about a key."""

from pathlib import Path

import msgspec
import pytest

from carrier.port import CarrierAccessRefused
from carrier.twilio import TwilioCarrier
from epoch.app import create_app
from epoch.carrier_factory import build_account_admin
from epoch.cli.carrier_checks import check_credentials
from epoch.cli.check_results import CheckFailed
from kit.settings import Settings, load_settings
from support.callback_client import new_sid
from support.carrier_stand_in import CarrierRequest, CarrierStandIn, http_response
from support.databases import patient_database
from support.factories import Factory
from support.production import PRODUCTION
from support.widget_client import browser_at, post_token

pytestmark = pytest.mark.anyio
REGIONS = [
    ({}, "api.twilio.com"),
    ({"TWILIO_EDGE": "dublin,frankfurt"}, "api.twilio.com"),
    ({"TWILIO_REGION": "ie1"}, "api.dublin.ie1.twilio.com"),
    ({"TWILIO_REGION": "ie1", "TWILIO_EDGE": "frankfurt,dublin"}, "api.frankfurt.ie1.twilio.com"),
    ({"TWILIO_REGION": "au1", "TWILIO_EDGE": "roaming"}, "api.sydney.au1.twilio.com"),
]


async def refuse(_: CarrierRequest) -> bytes:
    return http_response(401, b'{"code": 20003, "message": "Authenticate", "status": 401}')


def real_account(**region: str) -> Settings:
    own = {name: value for name, value in PRODUCTION.items() if name not in ("EPOCH_ENV", "EPOCH_SMTP_URL")}
    return load_settings({**own, **region})


@pytest.mark.parametrize(("region", "host"), REGIONS)
async def test_requests_go_to_the_host_of_the_region(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, region: dict[str, str], host: str
) -> None:
    for name, value in region.items():
        # The carrier's library reads these too, and takes a list for the name of one edge.
        monkeypatch.setenv(name, value)
    carrier = TwilioCarrier(real_account(**region).twilio, api_base=None, signaling=None)
    async with CarrierStandIn(tmp_path, refuse).serving() as stand_in:
        with pytest.raises(CarrierAccessRefused):
            await carrier.leg(new_sid())
        await carrier.close()
    assert [request.host for request in stand_in.requests] == [host]


async def test_the_sandbox_has_no_region(make: Factory, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWILIO_REGION", "ie1")
    monkeypatch.setenv("TWILIO_EDGE", "dublin")
    own = msgspec.structs.replace(settings.twilio, region="ie1", edges=("dublin",))
    carrier = TwilioCarrier(own, api_base=f"http://{settings.sandbox_address}", signaling=settings.sandbox_address)
    assert carrier.edges == ()
    assert await carrier.dialled_legs(new_sid()) == []
    await carrier.close()


@pytest.mark.parametrize(
    ("region", "advice"),
    [
        ({}, "check TWILIO_API_KEY_SID and its secret; a key of another region than us1 needs TWILIO_REGION"),
        ({"TWILIO_REGION": "ie1"}, "TWILIO_API_KEY_SID must be a key of the region ie1, which TWILIO_REGION names"),
    ],
)
async def test_doctor_names_the_region_of_a_refused_key(tmp_path: Path, region: dict[str, str], advice: str) -> None:
    async with CarrierStandIn(tmp_path, refuse).serving():
        settings = real_account(**region)
        by_key = build_account_admin(settings)
        with pytest.raises(CheckFailed) as refused:
            await check_credentials(settings, by_key)
        await by_key.close()
    assert str(refused.value) == f"the carrier answered 401 (code 20003): {advice}"


async def test_the_exchange_names_the_edges_that_are_set(make: Factory, settings: Settings) -> None:
    token = await make.token(await make.tenant())
    edges = ("dublin", "frankfurt")
    twilio = msgspec.structs.replace(settings.twilio, region="ie1", edges=edges)
    own = msgspec.structs.replace(settings, twilio=twilio, sandbox_address=None)
    carrier = TwilioCarrier(twilio, api_base=None, signaling=None)
    app = create_app(own, database=patient_database(own), carrier=carrier)
    async with app.lifespan(), browser_at(app, "127.0.0.1", own.public_url) as client:
        session = (await post_token(client, token.raw)).json()
    assert session["edges"] == list(edges)
