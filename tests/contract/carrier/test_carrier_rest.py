"""The Twilio adapter and Twilio's client library against the sandbox carrier's REST API: numbers, calls, recordings."""

import io
import socket
import wave
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import numpy as np
import pytest

from carrier.account import ApplicationUrls
from carrier.port import CarrierError, CarrierUnavailable, NotFoundAtCarrier, NumberQuery
from carrier.recordings import CallRecording, Transcription
from carrier.twilio import TwilioCarrier
from carrier.twilio_account import TwilioAccountAdmin
from kit.clock import utc_now
from kit.settings import Settings, load_settings
from sandbox.recordings import Recordings
from support.sandbox_server import own_sandbox

pytestmark = pytest.mark.anyio
UNKNOWN_CALL = "CA" + "0" * 32


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings({"EPOCH_DATA_DIR": str(tmp_path)})


@pytest.fixture
async def address(settings: Settings) -> AsyncIterator[str]:
    async with own_sandbox(settings) as placed:
        yield f"http://{placed.sandbox_address}"


@pytest.fixture
async def carrier(settings: Settings, address: str) -> AsyncIterator[TwilioCarrier]:
    carrier = TwilioCarrier(settings.twilio, api_base=address, signaling=None)
    yield carrier
    await carrier.close()


async def test_numbers_are_searched_bought_listed_and_released(carrier: TwilioCarrier) -> None:
    offers = await carrier.search_numbers(NumberQuery(country="US", area_code="415"), limit=5)
    assert [offer.e164 for offer in offers] == [f"+1415555010{last}" for last in range(5)]
    assert (offers[0].locality, offers[0].region, offers[0].country) == ("San Francisco", "CA", "US")
    bought = await carrier.buy_number(offers[0].e164, friendly_name="pn:1")
    await carrier.buy_number(offers[1].e164, friendly_name="pn:2")
    assert (bought.e164, bought.friendly_name) == ("+14155550100", "pn:1")
    assert await carrier.owned_numbers(friendly_name="pn:1") == [bought]
    assert await carrier.owned_numbers(e164=bought.e164) == [bought]
    assert len(await carrier.owned_numbers()) == 2
    remaining = await carrier.search_numbers(NumberQuery(country="US", area_code="415"), limit=1)
    assert remaining[0].e164 == "+14155550102"
    await carrier.release_number(bought.sid)
    assert len(await carrier.owned_numbers()) == 1
    with pytest.raises(NotFoundAtCarrier):
        await carrier.release_number(bought.sid)


async def test_a_number_is_bought_once_and_only_when_it_is_for_sale(carrier: TwilioCarrier) -> None:
    await carrier.buy_number("+14155550100", friendly_name="pn:1")
    for e164 in ("+14155550100", "+12125550102", "+15555550100", "nonsense"):
        with pytest.raises(CarrierError) as refused:
            await carrier.buy_number(e164, friendly_name="pn:2")
        assert not isinstance(refused.value, CarrierUnavailable | NotFoundAtCarrier)


async def test_all_pages_of_a_search_are_read(carrier: TwilioCarrier) -> None:
    assert len(await carrier.search_numbers(NumberQuery(country="GB"), limit=1500)) == 1500


async def test_an_unknown_country_or_call_is_not_at_the_carrier(carrier: TwilioCarrier) -> None:
    with pytest.raises(NotFoundAtCarrier):
        await carrier.search_numbers(NumberQuery(country="ZZ"))
    with pytest.raises(NotFoundAtCarrier):
        await carrier.end_call(UNKNOWN_CALL)


async def test_the_account_is_kept_over_a_restart_of_the_sandbox(settings: Settings) -> None:
    async with own_sandbox(settings) as placed:
        address = f"http://{placed.sandbox_address}"
        first = TwilioAccountAdmin(settings.twilio, api_base=address, signaling=None)
        bought = await first.buy_number("+14155550100", friendly_name="pn:1")
        urls = ApplicationUrls(voice="http://p/voice?x=1", fallback="http://p/no", status="http://p/status")
        await first.update_application(settings.twilio.twiml_app_sid, "Epoch Voice", urls)
        await first.close()
    async with own_sandbox(settings) as placed:
        address = f"http://{placed.sandbox_address}"
        again = TwilioAccountAdmin(settings.twilio, api_base=address, signaling=None)
        assert await again.owned_numbers() == [bought]
        application = await again.find_application(settings.twilio.twiml_app_sid)
        await again.close()
        assert application is not None
        assert application.urls == urls


async def test_wrong_credentials_are_refused_as_the_carrier_does(settings: Settings, address: str) -> None:
    wrong = msgspec.structs.replace(settings.twilio, api_key_secret="x" * 32)
    carrier = TwilioCarrier(wrong, api_base=address, signaling=None)
    with pytest.raises(CarrierError, match="answered 401"):
        await carrier.owned_numbers()
    await carrier.close()


async def test_a_carrier_that_is_not_there_is_unavailable(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    carrier = TwilioCarrier(settings.twilio, api_base=f"http://127.0.0.1:{port}", signaling=None)
    with pytest.raises(CarrierUnavailable):
        await carrier.end_call(UNKNOWN_CALL)
    await carrier.close()


async def test_a_recording_is_listed_fetched_and_deleted(settings: Settings) -> None:
    stored = Recordings(settings.data_dir / "sandbox")
    row = stored.add("CA" + "1" * 32, np.zeros(16000, dtype=np.int16), begun=utc_now(), source="RecordVerb")
    async with own_sandbox(settings) as placed:
        carrier = TwilioCarrier(settings.twilio, api_base=f"http://{placed.sandbox_address}", signaling=None)
        assert await carrier.recordings(row.call_sid) == [CallRecording(row.sid, 2, is_complete=True)]
        with wave.open(io.BytesIO(await carrier.recording_audio(row.sid))) as sound:
            assert (sound.getframerate(), sound.getnframes()) == (8000, 16000)
        await carrier.delete_recording(row.sid)
        assert await carrier.recordings(row.call_sid) == []
        with pytest.raises(NotFoundAtCarrier):
            await carrier.recording_audio(row.sid)
        with pytest.raises(NotFoundAtCarrier):
            await carrier.delete_recording(row.sid)
        await carrier.close()


async def test_transcriptions_are_listed_by_their_recording_and_deleted(settings: Settings) -> None:
    stored = Recordings(settings.data_dir / "sandbox")
    row = stored.add("CA" + "1" * 32, np.zeros(16000, dtype=np.int16), begun=utc_now(), source="RecordVerb")
    texts = ("Please call me back.", None)
    begun = [stored.transcriptions.begin(row.sid, seconds=2, at=utc_now()) for _ in range(3)]
    for each, text in zip(begun, texts, strict=False):
        stored.transcriptions.end(each, text)
    async with own_sandbox(settings) as placed:
        carrier = TwilioCarrier(settings.twilio, api_base=f"http://{placed.sandbox_address}", signaling=None)
        assert await carrier.transcriptions(row.sid) == [
            Transcription(begun[2].sid, is_over=False, text=None),
            Transcription(begun[1].sid, is_over=True, text=None),
            Transcription(begun[0].sid, is_over=True, text="Please call me back."),
        ]
        assert await carrier.transcriptions("RE" + "0" * 32) == []
        await carrier.delete_transcription(begun[0].sid)
        assert len(await carrier.transcriptions(row.sid)) == 2
        with pytest.raises(NotFoundAtCarrier):
            await carrier.delete_transcription(begun[0].sid)
        # The recording is gone, and so is its list; each of them can be deleted still.
        await carrier.delete_recording(row.sid)
        assert await carrier.transcriptions(row.sid) == []
        await carrier.delete_transcription(begun[1].sid)
        await carrier.close()
