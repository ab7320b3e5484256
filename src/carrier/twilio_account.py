"""The Twilio adapter of ``AccountAdmin``: requests about applications, usage triggers, keys and our account's state."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from twilio.request_validator import RequestValidator
from twilio.twiml.voice_response import VoiceResponse

from carrier import twilio_errors
from carrier.account import (
    AccountState,
    ApiKey,
    Application,
    ApplicationUrls,
    Balance,
    NumberRoute,
    UsageTrigger,
)
from carrier.port import CarrierAccessRefused, NotFoundAtCarrier
from carrier.twilio import TwilioCarrier

_DAILY_COST = ("totalprice", "price", "daily")
"""Category, unit and recurrence of a usage trigger on the total cost of a day."""
_NO_BALANCE = "the carrier's answer has no readable balance"
_TEST_CALL_SECONDS = 20
_TEST_CALL_RING_SECONDS = 30


class TwilioAccountAdmin(TwilioCarrier):
    """``AccountAdmin`` of Twilio, or of the sandbox."""

    def sign(self, url: str, form: Mapping[str, str]) -> str:
        return str(RequestValidator(self._settings.auth_token).compute_signature(url, dict(form)))

    async def find_application(self, sid: str) -> Application | None:
        try:
            async with self._rest() as client:
                return _application(await client.applications(sid).fetch_async())
        except NotFoundAtCarrier:
            return None

    async def list_applications(self, friendly_name: str) -> list[Application]:
        async with self._rest() as client:
            found = await client.applications.list_async(friendly_name=friendly_name)
        return [_application(row) for row in found if row.friendly_name == friendly_name]

    async def create_application(self, friendly_name: str, urls: ApplicationUrls) -> Application:
        async with self._rest() as client:
            return _application(await client.applications.create_async(**_application_fields(friendly_name, urls)))

    async def update_application(self, sid: str, friendly_name: str, urls: ApplicationUrls) -> Application:
        async with self._rest() as client:
            return _application(await client.applications(sid).update_async(**_application_fields(friendly_name, urls)))

    async def list_usage_triggers(self) -> list[UsageTrigger]:
        async with self._rest() as client:
            return [_trigger(row) for row in await client.usage.triggers.list_async(page_size=1000)]

    async def create_usage_trigger(self, friendly_name: str, dollars: Decimal, callback_url: str) -> UsageTrigger:
        category, unit, recurrence = _DAILY_COST
        async with self._rest() as client:
            return _trigger(
                await client.usage.triggers.create_async(
                    callback_url=callback_url,
                    callback_method="POST",
                    trigger_value=f"{dollars:f}",
                    usage_category=category,
                    trigger_by=unit,
                    recurring=recurrence,
                    friendly_name=friendly_name,
                )
            )

    async def delete_usage_trigger(self, sid: str) -> None:
        async with self._rest() as client:
            twilio_errors.ensure_deleted(await client.usage.triggers(sid).delete_with_http_info_async())

    async def number_routes(self) -> list[NumberRoute]:
        async with self._rest() as client:
            rows = await client.incoming_phone_numbers.list_async(page_size=1000)
        return [
            NumberRoute(
                sid=row.sid,
                e164=row.phone_number,
                friendly_name=row.friendly_name or "",
                voice_url=row.voice_url or "",
                application_sid=row.voice_application_sid or "",
            )
            for row in rows
        ]

    async def state(self) -> AccountState:
        async with self._rest() as client:
            row = await client.api.v2010.accounts(self._settings.account_sid).fetch_async()
        return AccountState(
            is_active=row.status == "active", is_trial=row.type == "Trial", auth_token=row.auth_token or None
        )

    async def balance(self) -> Balance:
        async with self._rest() as client:
            row = await client.balance.fetch_async()
        try:
            amount = Decimal(row.balance)
        except twilio_errors.PARSING_ERRORS as error:
            raise twilio_errors.unreadable_response_error(_NO_BALANCE) from error
        if not amount.is_finite():
            raise twilio_errors.unreadable_response_error(_NO_BALANCE)
        return Balance(amount, row.currency)

    async def find_key(self, sid: str) -> ApiKey | None:
        try:
            async with self._rest() as client:
                row = await client.iam.v1.api_key(sid).fetch_async()
        except NotFoundAtCarrier:
            return None
        return ApiKey(sid=row.sid, is_restricted=bool(row.policy))

    async def may_manage(self) -> bool:
        try:
            async with self._rest() as client:
                await client.keys.list_async(limit=1, page_size=1)
        except CarrierAccessRefused:
            return False
        return True

    async def permitted_countries(self) -> frozenset[str]:
        async with self._rest() as client:
            rows = await client.voice.v1.dialing_permissions.countries.list_async(
                low_risk_numbers_enabled=True, page_size=1000
            )
        return frozenset(row.iso_code for row in rows if row.low_risk_numbers_enabled)

    async def place_test_call(self, *, to: str, caller_id: str, sentence: str) -> str:
        document = VoiceResponse()
        document.say(sentence)
        async with self._rest() as client:
            call = await client.calls.create_async(
                to=to,
                from_=caller_id,
                twiml=str(document),
                timeout=_TEST_CALL_RING_SECONDS,
                time_limit=_TEST_CALL_SECONDS,
            )
        return str(call.sid)

    def _get_client(self) -> Any:
        client = super()._get_client()
        if self._api_base is not None:
            # The sandbox serves all parts of the API at one origin.
            client.voice.base_url = client.iam.base_url = self._api_base
        return client


def _application_fields(friendly_name: str, urls: ApplicationUrls) -> dict[str, str]:
    return {
        "friendly_name": friendly_name,
        "voice_url": urls.voice,
        "voice_method": "POST",
        "voice_fallback_url": urls.fallback,
        "voice_fallback_method": "POST",
        "status_callback": urls.status,
        "status_callback_method": "POST",
    }


def _application(row: Any) -> Application:
    methods = (row.voice_method, row.voice_fallback_method, row.status_callback_method)
    return Application(
        sid=row.sid,
        friendly_name=row.friendly_name or "",
        urls=ApplicationUrls(
            voice=row.voice_url or "", fallback=row.voice_fallback_url or "", status=row.status_callback or ""
        ),
        is_posted=all(method in (None, "POST") for method in methods),
    )


def _trigger(row: Any) -> UsageTrigger:
    return UsageTrigger(
        sid=row.sid,
        friendly_name=row.friendly_name or "",
        dollars=Decimal(row.trigger_value),
        callback_url=row.callback_url or "",
        is_daily_cost=(row.usage_category, row.trigger_by, row.recurring) == _DAILY_COST,
    )
