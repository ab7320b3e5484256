"""The carrier's error codes and broken responses: the sentence for customers, the log line, `epoch doctor`, the metric.

Whatever the response, no number is bought twice, lost or deleted.
"""

import itertools
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from carrier import transport
from carrier.health import CarrierCounter, CarrierHealthReporter
from carrier.port import CarrierError, NumberQuery
from carrier.twilio import TwilioCarrier
from carrier.twilio_account import TwilioAccountAdmin
from epoch.cli.carrier_checks import check_credentials
from epoch.cli.check_results import CheckFailed
from epoch.phone_number_jobs import build_number_provisioning, build_number_reconciler
from kit.actor import SYSTEM
from kit.counters import CounterBuffer
from kit.db.database import ADMIN_ROLE, Database
from kit.errors import DomainError
from kit.http.problems import problem_body
from kit.settings import Settings, load_settings
from phone_numbers.errors import ReleaseUnconfirmed
from phone_numbers.provisioning import NumberProvisioning
from sandbox.app import SandboxCarrier
from support.carrier_stand_in import CarrierRequest, CarrierStandIn, http_response
from support.databases import PATIENT_SECONDS
from support.factories import Factory
from support.faulty_carrier import Refusal
from support.local_http import local_client
from support.production import PRODUCTION
from support.sandbox_server import served
from tenants.models import PhoneNumber

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
_for_sale = (f"+1907555{last:04d}" for last in itertools.count(106))
ACCOUNT = {name: value for name, value in PRODUCTION.items() if name.startswith("TWILIO_")}
AWAY = "The carrier does not answer at the moment. Nothing was changed. Try again in a few minutes"
BUSY = "The carrier has too many requests at the moment. Nothing was changed. Try again in a minute"
UNAVAILABLE = "Service temporarily unavailable"
UNCONFIRMED = "The carrier did not confirm the purchase."


class Answers:
    """The carrier's responses: the sandbox's, except for the methods in ``faults`` and ``lost``."""

    def __init__(self, sandbox_url: str) -> None:
        self._sandbox_url = sandbox_url
        self.faults: dict[str, bytes | None] = {}
        """By HTTP method: the response to such requests, which do not reach the sandbox; None for no response."""
        self.lost: dict[str, bytes | None] = {}
        """The same, but the sandbox carries out the request first."""

    async def answer(self, request: CarrierRequest) -> bytes | None:
        if request.method in self.faults:
            return self.faults[request.method]
        names = ("authorization", "content-type")
        headers = {name: request.headers[name] for name in names if name in request.headers}
        async with local_client(base_url=self._sandbox_url, trust_env=False, timeout=30) as client:
            response = await client.request(request.method, request.target, content=request.body, headers=headers)
        if request.method in self.lost:
            return self.lost[request.method]
        if response.status_code == 204:
            return b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"
        return http_response(response.status_code, response.content)


class Deployment(NamedTuple):
    """The product's services with the adapter as it is in production, and the carrier that they reach."""

    settings: Settings
    database: Database
    counters: CounterBuffer
    carrier: TwilioCarrier
    provisioning: NumberProvisioning
    answers: Answers
    stand_in: CarrierStandIn

    @property
    def counts(self) -> dict[str, int]:
        return dict(self.counters._pending)

    async def held(self, e164: str) -> list[str | None]:
        """The carrier's ids of the number in the database."""
        query = sa.select(PhoneNumber.carrier_sid).where(PhoneNumber.e164 == e164, PhoneNumber.released_at.is_(None))
        async with self.database.sessions() as session:
            return list((await session.scalars(query)).all())

    async def at_carrier(self, e164: str) -> list[str]:
        self.answers.faults, self.answers.lost = {}, {}
        return [number.sid for number in await self.carrier.owned_numbers(e164=e164)]

    async def doctor(self) -> str:
        """The reason for which the check of the carrier fails."""
        account_admin = TwilioAccountAdmin(self.settings.twilio, api_base=None, signaling=None)
        try:
            with pytest.raises((CarrierError, CheckFailed)) as failed:
                await check_credentials(self.settings, account_admin)
        finally:
            await account_admin.close()
        return str(failed.value)

    async def settle(self) -> None:
        """Run the reconciliation."""
        await build_number_reconciler(self.database, self.carrier, abandoned_after=timedelta()).compare()


@pytest.fixture(scope="module")
def account(new_migrated_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Settings:
    environ = {
        **ACCOUNT,
        "EPOCH_CARRIER": "twilio",
        "EPOCH_DATABASE_URL": new_migrated_database(),
        "EPOCH_DATA_DIR": str(tmp_path_factory.mktemp("data")),
        "EPOCH_PUBLIC_URL": "https://phone.example",
        "EPOCH_SECRET_KEY": "k" * 32,
    }
    return load_settings(environ)


@pytest.fixture(scope="module")
async def sandbox_url(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """A sandbox with the account's credentials."""
    sandbox = SandboxCarrier(load_settings({**ACCOUNT, "EPOCH_DATA_DIR": str(tmp_path_factory.mktemp("sandbox"))}))
    async with served(sandbox) as url:
        yield url
        await sandbox.close()


@pytest.fixture
async def deployment(account: Settings, sandbox_url: str, tmp_path: Path) -> AsyncIterator[Deployment]:
    assert account.database_url is not None
    tenant_database = Database(account.database_url, connect_seconds=PATIENT_SECONDS)
    database = Database(account.database_url, role=ADMIN_ROLE, connect_seconds=PATIENT_SECONDS)
    answers = Answers(sandbox_url)
    async with CarrierStandIn(tmp_path, answers.answer).serving() as stand_in:
        # Not started: the counts stay in memory.
        counters = CounterBuffer(tenant_database)
        health = CarrierHealthReporter(tenant_database, counters)
        carrier = TwilioCarrier(account.twilio, api_base=None, signaling=None, health=health)
        provisioning = build_number_provisioning(tenant_database, carrier)
        yield Deployment(account, database, counters, carrier, provisioning, answers, stand_in)
        await carrier.close()
    await tenant_database.stop()
    await database.stop()


class CodeCase(NamedTuple):
    """An error of the carrier, and its consequences."""

    refusal: Refusal
    purchase_sentence: str
    """Part of the customer's sentence when a purchase gets this response."""
    search_sentence: str | None
    """Part of the customer's sentence when a search gets it; None where the search finds nothing instead."""
    counter: CarrierCounter
    logged: str = "purchase_refused"
    """The line for staff about the purchase."""


CODES = (
    CodeCase(Refusal(401, 20003), UNAVAILABLE, UNAVAILABLE, CarrierCounter.ACCESS_REFUSED),
    CodeCase(Refusal(403, 20005), UNAVAILABLE, UNAVAILABLE, CarrierCounter.ACCESS_REFUSED),
    CodeCase(Refusal(429, 20429), BUSY, BUSY, CarrierCounter.ANSWERED, "purchase_not_begun"),
    CodeCase(Refusal(500, 20500), UNCONFIRMED, AWAY, CarrierCounter.FAILED, "purchase_unanswered"),
    CodeCase(Refusal(503, 20503), UNCONFIRMED, AWAY, CarrierCounter.FAILED, "purchase_unanswered"),
    CodeCase(Refusal(400, 21404), "Contact support", "Contact support", CarrierCounter.ANSWERED),
    CodeCase(Refusal(400, 21422), "not available any more", "not available any more", CarrierCounter.ANSWERED),
    CodeCase(Refusal(400, 21452), "in this area code", "in this area code", CarrierCounter.ANSWERED),
    CodeCase(Refusal(400, 21631), "needs a registered address", "registered address", CarrierCounter.ANSWERED),
    CodeCase(Refusal(400, 21649), "identity documents", "identity documents", CarrierCounter.ANSWERED),
    CodeCase(Refusal(400, 99999), "Choose another one", None, CarrierCounter.ANSWERED),
)
EACH_CODE = pytest.mark.parametrize("case", CODES, ids=lambda case: str(case.refusal.code))
PAGE = b"<!DOCTYPE html><html><body><h1>Sign in to the network</h1></body></html>"
XML = b'<?xml version="1.0" encoding="UTF-8"?><TwilioResponse><IncomingPhoneNumber><Sid>PN1</Si'
CUT = b'{"sid": "PN0123456789abcdef0123456789abcdef", "phone_num'
BROKEN = {
    "an HTML page": http_response(200, PAGE, content_type="text/html"),
    "an HTML page that is not found": http_response(404, PAGE, content_type="text/html"),
    "an HTML page of a refusal": http_response(400, PAGE, content_type="text/html"),
    "an HTML page of a gateway": http_response(502, PAGE, content_type="text/html"),
    "a redirect": http_response(302, b"", content_type="text/html", headers={"Location": "https://portal.example/"}),
    "truncated JSON": http_response(200, CUT),
    "a connection that is cut": http_response(200, CUT, headers={"Content-Length": "5000"}),
    "truncated XML": http_response(201, XML, content_type="application/xml"),
    "an object without fields": http_response(200, b"{}"),
    "a list": http_response(200, b"[]"),
    "null": http_response(200, b"null"),
    "nothing": http_response(200, b""),
}
EACH_BROKEN = pytest.mark.parametrize("response", BROKEN.values(), ids=BROKEN)


def sentence(error: DomainError) -> str:
    return str(problem_body(error)["detail"])


@EACH_CODE
async def test_a_refused_purchase_says_why_and_costs_nothing(deployment: Deployment, case: CodeCase) -> None:
    organization_id, number = await organization_of(deployment), next(_for_sale)
    deployment.answers.faults = {"POST": case.refusal.response}
    with capture_logs() as logged, pytest.raises(DomainError) as refused:
        await deployment.provisioning.purchaser.buy(organization_id, number, by=SYSTEM)
    assert case.purchase_sentence in sentence(refused.value)
    [line] = [entry for entry in logged if entry["event"] == case.logged]
    assert f"{case.refusal.status} (code {case.refusal.code})" in line["error"]
    assert deployment.counts[case.counter] >= 1

    assert await deployment.at_carrier(number) == []
    await deployment.settle()
    bought_number = await deployment.provisioning.purchaser.buy(organization_id, number, by=SYSTEM)
    assert [bought_number.carrier_sid] == await deployment.at_carrier(number) == await deployment.held(number)
    assert "DELETE" not in deployment.stand_in.methods


@EACH_CODE
async def test_a_refused_search_is_reported_to_customers_and_doctor(deployment: Deployment, case: CodeCase) -> None:
    organization_id = await organization_of(deployment)
    deployment.answers.faults = {"GET": case.refusal.response}
    search = deployment.provisioning.searcher.search(organization_id, NumberQuery("US"), by=SYSTEM)
    if case.search_sentence is None:
        assert await search == []
    else:
        with pytest.raises(DomainError) as refused:
            await search
        assert case.search_sentence in sentence(refused.value)
    assert deployment.counts[case.counter] >= 1
    assert f"{case.refusal.status} (code {case.refusal.code})" in await deployment.doctor()
    assert "DELETE" not in deployment.stand_in.methods


@EACH_BROKEN
async def test_a_broken_answer_is_no_empty_search(deployment: Deployment, response: bytes) -> None:
    organization_id = await organization_of(deployment)
    deployment.answers.faults = {"GET": response}
    with capture_logs() as logged, pytest.raises(DomainError) as refused:
        await deployment.provisioning.searcher.search(organization_id, NumberQuery("US"), by=SYSTEM)
    assert sentence(refused.value) == AWAY
    is_logged = any(entry["event"] == "carrier_answer_unreadable" for entry in logged)
    assert is_logged or deployment.counts[CarrierCounter.FAILED]
    assert "carrier" in await deployment.doctor()


@EACH_BROKEN
async def test_a_number_whose_purchase_has_a_broken_answer_is_bought_once(
    deployment: Deployment, response: bytes
) -> None:
    organization_id, number = await organization_of(deployment), next(_for_sale)
    deployment.answers.lost = {"POST": response}
    bought_number = await deployment.provisioning.purchaser.buy(organization_id, number, by=SYSTEM)
    assert [bought_number.carrier_sid] == await deployment.at_carrier(number) == await deployment.held(number)
    assert deployment.stand_in.methods.count("POST") == 1
    assert "DELETE" not in deployment.stand_in.methods


@EACH_BROKEN
async def test_a_release_with_a_broken_answer_loses_no_number(deployment: Deployment, response: bytes) -> None:
    organization_id, number = await organization_of(deployment), next(_for_sale)
    bought_number = await deployment.provisioning.purchaser.buy(organization_id, number, by=SYSTEM)
    deployment.answers.faults = {"DELETE": response}
    with pytest.raises(ReleaseUnconfirmed):
        await deployment.provisioning.releaser.release(organization_id, bought_number.id, by=SYSTEM)
    assert [bought_number.carrier_sid] == await deployment.at_carrier(number) == await deployment.held(number)


async def test_a_purchase_whose_answer_never_comes_is_made_once(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "TOTAL_SECONDS", 5.0)
    organization_id, number = await organization_of(deployment), next(_for_sale)
    deployment.answers.lost = {"POST": None}
    bought_number = await deployment.provisioning.purchaser.buy(organization_id, number, by=SYSTEM)
    assert [bought_number.carrier_sid] == await deployment.at_carrier(number) == await deployment.held(number)
    assert deployment.stand_in.methods.count("POST") == 1
    assert deployment.counts[CarrierCounter.FAILED] == 1


async def test_numbers_without_voice_or_without_a_number_are_not_offered(deployment: Deployment) -> None:
    organization_id = await organization_of(deployment)
    offers = (
        b'{"phone_number": "+19075550991", "iso_country": "US", "capabilities": {"voice": false, "SMS": true}},'
        b'{"phone_number": null, "iso_country": "US", "capabilities": {"voice": true}},'
        b'{"phone_number": "+19075550992", "iso_country": "US", "capabilities": {"voice": true}},'
        b'{"phone_number": "+19075550993", "iso_country": "US"}'
    )
    deployment.answers.faults = {"GET": http_response(200, b'{"available_phone_numbers": [' + offers + b"]}")}
    found = await deployment.provisioning.searcher.search(organization_id, NumberQuery("US"), by=SYSTEM)
    assert [number.e164 for number in found] == ["+19075550992", "+19075550993"]


async def organization_of(deployment: Deployment) -> UUID:
    make = Factory(deployment.database, deployment.settings)
    return (await make.tenant(number=False)).organization.id
