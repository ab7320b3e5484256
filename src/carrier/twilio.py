"""The Twilio adapter of the carrier port: TwiML documents, callback signatures, REST requests by Twilio's library."""

import hmac
import re
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from twilio.base.exceptions import TwilioException
from twilio.request_validator import HMAC_SHA1, HMAC_SHA256, RequestValidator, get_signature_algorithm
from twilio.twiml.voice_response import Dial, VoiceResponse

from carrier import twilio_addresses, twilio_caller_ids, twilio_errors, twilio_numbers, twilio_recordings, twilio_steps
from carrier.call_steps import CallStep, HangUp, Play
from carrier.port import (
    AvailableNumber,
    CallerId,
    CarrierAddress,
    DialPlan,
    LegReport,
    NotFoundAtCarrier,
    NotInProgressAtCarrier,
    NumberQuery,
    NumberType,
    NumberUrls,
    OwnedNumber,
    PostalAddress,
    Price,
)
from carrier.recordings import CallRecording, Transcription
from kit.settings import CarrierSettings

if TYPE_CHECKING:
    from carrier.health import CarrierHealthReporter
    from carrier.transport import HttpTransport

_PAGE_ROWS = 1000
_ERROR_LOG = 0
"""The log level of errors among a call's notifications; 1 is a warning."""
_NO_DATE = datetime.min.replace(tzinfo=UTC)
FINAL_STATUSES = frozenset({"completed", "busy", "no-answer", "failed", "canceled"})
"""The carrier's statuses of an ended leg."""


class _MultiDict(dict[str, list[str]]):
    """A form with repeated fields, as the library's validator reads it."""

    def __init__(self, form: Iterable[tuple[str, str]]) -> None:
        super().__init__()
        for name, value in form:
            self.setdefault(name, []).append(value)

    def getall(self, name: str) -> list[str]:
        return self[name]


class TwilioCarrier:
    """``Carrier`` of Twilio, or of the sandbox when ``api_base`` is its URL."""

    def __init__(
        self,
        settings: CarrierSettings,
        *,
        api_base: str | None,
        signaling: str | None,
        health: "CarrierHealthReporter | None" = None,
    ) -> None:
        """``health`` records the results of requests to the carrier."""
        self._settings = settings
        self._api_base = api_base
        self._signaling = signaling
        self._health = health
        secrets = (settings.auth_token, settings.auth_token_secondary, settings.webhook_shared_key)
        self._validators = [RequestValidator(secret) for secret in secrets if secret]
        self._client: Any = None
        self._transport: HttpTransport | None = None

    @property
    def signaling(self) -> str | None:
        return self._signaling

    @property
    def edges(self) -> tuple[str, ...]:
        return self._settings.edges if self._signaling is None else ()

    def dial(self, plan: DialPlan) -> bytes:
        # Bridge only when the called party answers, so that the browser sees ringing and answer at the right time.
        dial = Dial(
            caller_id=plan.caller_id,
            answer_on_bridge=True,
            time_limit=plan.limit_seconds,
            timeout=plan.ring_seconds,
            action=plan.action_url,
            method="POST",
        )
        dial.number(
            plan.to,
            status_callback=plan.status_url,
            status_callback_event=twilio_steps.STATUS_EVENTS,
            status_callback_method="POST",
        )
        response = VoiceResponse()
        response.append(dial)
        return _document(response)

    def reject(self) -> bytes:
        return _REJECT

    def finish(self) -> bytes:
        return _FINISH

    def answer(self, steps: Sequence[CallStep]) -> bytes:
        return twilio_steps.document(steps)

    def signature_is_valid(
        self, url: str, form: Sequence[tuple[str, str]], signature: str | None, algorithm_header: str | None = None
    ) -> bool:
        if signature is None:
            return False
        # The sender can choose the header, but a valid signature needs one of our secrets with each algorithm.
        algorithms = (get_signature_algorithm(algorithm_header),) if algorithm_header else (HMAC_SHA1, HMAC_SHA256)
        fields = _MultiDict(form)
        if not algorithm_header and self._signed_exactly(url, fields, signature):
            return True
        return any(
            validator.validate(url, fields, signature, algorithm)
            for algorithm in algorithms
            for validator in self._validators
        )

    def _signed_exactly(self, url: str, fields: "_MultiDict", signature: str) -> bool:
        """True for nearly all valid signatures. The library's check also tries variants of the URL, but is slower."""
        return any(
            hmac.compare_digest(validator.compute_signature(url, fields).encode(), signature.encode())
            for validator in self._validators
        )

    async def end_call(self, call_sid: str) -> bool:
        try:
            async with self._rest() as client:
                call = await client.calls(call_sid).update_async(status="completed")
        except NotInProgressAtCarrier:
            # The code does not say whether the call is over or has not begun yet.
            return (await self.leg(call_sid)).status in FINAL_STATUSES
        return call.status in FINAL_STATUSES

    async def play_and_hang_up(self, leg_sid: str, url: str) -> None:
        async with self._rest() as client:
            await client.calls(leg_sid).update_async(twiml=twilio_steps.document([Play(url), HangUp()]).decode())

    async def leg(self, sid: str) -> LegReport:
        async with self._rest() as client:
            return _leg(await client.calls(sid).fetch_async())

    async def dialled_legs(self, call_sid: str) -> list[LegReport]:
        async with self._rest() as client:
            return [_leg(found) for found in await client.calls.list_async(parent_call_sid=call_sid)]

    async def call_error(self, call_sid: str) -> int | None:
        async with self._rest() as client:
            notifications = await client.calls(call_sid).notifications.list_async(log=_ERROR_LOG)
        recorded = [(found.message_date or _NO_DATE, int(found.error_code)) for found in notifications]
        return max(recorded)[1] if recorded else None

    async def legs_of_day(self, day: date) -> AsyncIterator[list[LegReport]]:
        # The filter is documented for whole days only; legs that begin on another day are dropped here.
        async with self._rest() as client:
            page = await client.calls.page_async(
                start_time_after=day.isoformat(),
                start_time_before=(day + timedelta(days=1)).isoformat(),
                page_size=_PAGE_ROWS,
            )
        while True:
            legs = [_leg(call) for call in page]
            yield [leg for leg in legs if leg.started_at is not None and leg.started_at.date() == day]
            next_url = page.next_page_url
            if not next_url:
                return
            async with self._rest() as client:
                page = await client.calls.get_page_async(next_url)

    async def recordings(self, call_sid: str) -> list[CallRecording]:
        try:
            async with self._rest() as client:
                return await twilio_recordings.recordings_of(client, call_sid)
        except NotFoundAtCarrier:
            return []

    async def recording_audio(self, sid: str) -> bytes:
        async with self._rest() as client:
            account = f"{client.api.base_url}/2010-04-01/Accounts/{self._settings.account_sid}"
            status, audio = await self._download(client, f"{account}/Recordings/{sid}.wav")
        if status != HTTPStatus.OK:
            raise twilio_errors.error_of_status(status)
        return audio

    async def delete_recording(self, sid: str) -> None:
        async with self._rest() as client:
            twilio_errors.ensure_deleted(await client.recordings(sid).delete_with_http_info_async())

    async def transcriptions(self, recording_sid: str) -> list[Transcription]:
        try:
            async with self._rest() as client:
                return await twilio_recordings.transcriptions_of(client, recording_sid)
        except NotFoundAtCarrier:
            return []

    async def delete_transcription(self, sid: str) -> None:
        async with self._rest() as client:
            twilio_errors.ensure_deleted(await client.transcriptions(sid).delete_with_http_info_async())

    async def delete_call(self, sid: str) -> None:
        async with self._rest() as client:
            twilio_errors.ensure_deleted(await client.calls(sid).delete_with_http_info_async())

    async def number_types(self, country: str) -> frozenset[NumberType]:
        async with self._rest() as client:
            return await twilio_numbers.types_of(client, country)

    async def number_prices(self, country: str) -> Mapping[NumberType, Price]:
        async with self._rest() as client:
            return await twilio_numbers.prices_of(client, country)

    async def search_numbers(self, query: NumberQuery, *, limit: int = 20) -> list[AvailableNumber]:
        async with self._rest() as client:
            return await twilio_numbers.search(client, query, limit=limit)

    async def buy_number(
        self,
        e164: str,
        *,
        friendly_name: str,
        address_sid: str | None = None,
        bundle_sid: str | None = None,
        urls: NumberUrls | None = None,
    ) -> OwnedNumber:
        async with self._rest() as client:
            bought = await client.incoming_phone_numbers.create_async(
                phone_number=e164,
                friendly_name=friendly_name,
                address_sid=address_sid,
                bundle_sid=bundle_sid,
                **({} if urls is None else twilio_numbers.url_fields(urls)),
            )
            return twilio_numbers.owned(bought)

    async def set_number_urls(self, sid: str, urls: NumberUrls, *, has_application: bool = False) -> None:
        # At the carrier an application takes precedence over the number's own URLs.
        no_application = {"voice_application_sid": ""} if has_application else {}
        async with self._rest() as client:
            await client.incoming_phone_numbers(sid).update_async(**twilio_numbers.url_fields(urls), **no_application)

    async def create_address(self, address: PostalAddress, *, friendly_name: str) -> CarrierAddress:
        async with self._rest() as client:
            return await twilio_addresses.create(client, address, friendly_name=friendly_name)

    async def find_addresses(self, *, friendly_name: str) -> list[CarrierAddress]:
        async with self._rest() as client:
            return await twilio_addresses.find(client, friendly_name=friendly_name)

    async def is_address_used(self, sid: str) -> bool:
        async with self._rest() as client:
            return bool(await client.addresses(sid).dependent_phone_numbers.list_async(limit=1))

    async def delete_address(self, sid: str) -> None:
        async with self._rest() as client:
            twilio_errors.ensure_deleted(await client.addresses(sid).delete_with_http_info_async())

    async def request_validation(self, e164: str, *, friendly_name: str, status_url: str | None = None) -> str:
        async with self._rest() as client:
            return await twilio_caller_ids.request_validation(client, e164, friendly_name, status_url)

    async def caller_ids(self, *, friendly_name: str | None = None) -> list[CallerId]:
        async with self._rest() as client:
            return await twilio_caller_ids.find(client, friendly_name=friendly_name)

    async def delete_caller_id(self, sid: str) -> None:
        async with self._rest() as client:
            twilio_errors.ensure_deleted(await client.outgoing_caller_ids(sid).delete_with_http_info_async())

    async def owned_numbers(self, *, e164: str | None = None, friendly_name: str | None = None) -> list[OwnedNumber]:
        async with self._rest() as client:
            numbers: Iterable[Any] = await client.incoming_phone_numbers.list_async(
                phone_number=e164, friendly_name=friendly_name, page_size=1000
            )
        return [twilio_numbers.owned(number) for number in numbers]

    async def release_number(self, sid: str) -> None:
        async with self._rest() as client:
            twilio_errors.ensure_deleted(await client.incoming_phone_numbers(sid).delete_with_http_info_async())

    async def _download(self, client: Any, url: str) -> tuple[int, bytes]:
        """The HTTP status and the body of a file at ``url``, fetched by the client's transport."""
        transport: HttpTransport = client.http_client
        credentials = (self._settings.api_key_sid, self._settings.api_key_secret)
        return await transport.download(client.get_hostname(url), credentials)

    async def close(self) -> None:
        if self._transport is not None:
            transport, self._transport, self._client = self._transport, None, None
            await transport.close()

    @asynccontextmanager
    async def _rest(self) -> AsyncIterator[Any]:
        """The library's client; its exceptions are translated to the port's."""
        import httpx

        try:
            yield self._get_client()
        except TwilioException as error:
            from carrier.transport import last_retry_after

            raise twilio_errors.translate_error(error, last_retry_after()) from error
        except (httpx.HTTPError, TimeoutError) as error:
            raise twilio_errors.no_response_error(error, is_sandbox=self._api_base is not None) from error
        except twilio_errors.PARSING_ERRORS as error:
            raise twilio_errors.unreadable_response_error(
                "the carrier's answer is not the requested document"
            ) from error

    def _get_client(self) -> Any:
        if self._client is None:
            # The library's REST half takes 0.3 s to import; the application's start and the callbacks do not need it.
            from twilio.rest import Client

            from carrier.transport import HttpTransport

            # A proxy set in the environment is for the real carrier, never for the sandbox on this machine.
            self._transport = HttpTransport(trust_env=self._api_base is None, health=self._health)
            account = self._settings
            client = Client(
                account.api_key_sid, account.api_key_secret, account.account_sid, http_client=self._transport
            )
            # The library would read the environment variables, where the edge may be a list.
            client.region, client.edge = account.region, account.request_edge
            if self._api_base is not None:
                client.api.base_url = client.pricing.base_url = self._api_base
                client.region = client.edge = None
            self._client = client
        return self._client


_CURRENCY = re.compile(r"[A-Z]{3}")


def _document(response: VoiceResponse) -> bytes:
    return str(response).encode()


def _rejection() -> VoiceResponse:
    response = VoiceResponse()
    response.reject()
    return response


_REJECT, _FINISH = _document(_rejection()), _document(VoiceResponse())


def _leg(call: Any) -> LegReport:
    # Durations and prices are strings; a price is negative, because it is the change of the account's balance.
    return LegReport(
        sid=call.sid,
        status=call.status,
        duration=int(call.duration) if call.duration else None,
        ended_at=call.end_time,
        price=_price(call),
        parent_sid=call.parent_call_sid or None,
        started_at=_utc(call.start_time or call.date_created),
        caller=(caller := call._from or ""),
        called=call.to or "",
        # Legs of browsers are inbound too.
        is_from_outside=call.direction == "inbound" and not caller.startswith("client:"),
    )


def _price(call: Any) -> Price | None:
    # The carrier writes "" for a call whose price is not set yet.
    if not call.price:
        return None
    currency = (call.price_unit or "USD").upper()
    if not _CURRENCY.fullmatch(currency):
        raise ValueError("the price has no currency")
    return Price(round(-Decimal(call.price) * 1_000_000), currency)


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(UTC)
