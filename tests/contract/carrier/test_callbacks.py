"""The carrier's callbacks as documented and recorded, signed in each way and sent by TLS: the resulting call record."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable, Mapping
from email.utils import format_datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import uuid4

import httpx
import pytest
import sqlalchemy as sa

from calls.models import Call
from kit.clock import utc_now
from kit.db.database import ADMIN_ROLE, Database
from kit.settings import load_settings
from support.callback_client import identity_of, new_sid
from support.databases import PATIENT_SECONDS
from support.factories import Factory
from support.production import PRODUCTION, ProxiedProduct, proxied_product

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
CORPUS = json.loads((Path(__file__).resolve().parents[2] / "cases" / "carrier_callbacks.json").read_text())
SIGNATURE_SETTINGS = "x-twilio-webhooks-signature-settings"
SECONDARY, SHARED_KEY = "u" * 32, "v" * 32
ANSWERS = {"/voice/outgoing": b"<Dial ", "/voice/unavailable": b"<Reject />", "/voice/dial-ended": b"<Response />"}
"""Part of the document that a path must answer with."""


class Signer(NamedTuple):
    """A secret and an algorithm of signatures."""

    name: str
    secret: str
    algorithm: str
    settings_header: str | None = None

    def headers(self, url: str, form: Mapping[str, str]) -> dict[str, str]:
        """The headers of a signed form: over the URL, then all fields in the order of their names."""
        text = url + "".join(name + value for name, value in sorted(form.items()))
        digest = hmac.new(self.secret.encode(), text.encode(), self.algorithm).digest()
        signed = {"x-twilio-signature": base64.b64encode(digest).decode()}
        return signed if self.settings_header is None else {**signed, SIGNATURE_SETTINGS: self.settings_header}


PRIMARY = PRODUCTION["TWILIO_AUTH_TOKEN"]
SIGNERS = (
    Signer("primary token, SHA-1", PRIMARY, "sha1"),
    Signer("secondary token, SHA-1", SECONDARY, "sha1"),
    Signer("primary token, SHA-256", PRIMARY, "sha256", "algorithm=HMAC_SHA256"),
    Signer("secondary token, SHA-256", SECONDARY, "sha256"),
    Signer("shared key, SHA-256", SHARED_KEY, "sha256", "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256"),
)


def signed_cases() -> list[Any]:
    """Each case signed in the carrier's usual way, and in one of the other ways, which alternate."""
    others = SIGNERS[1:]
    return [
        pytest.param(case, signer, id=f"{case['name']} ({signer.name})")
        for index, case in enumerate(CORPUS["cases"])
        for signer in (SIGNERS[0], others[index % len(others)])
    ]


class Deployment(NamedTuple):
    """A running product and its database."""

    product: ProxiedProduct
    database: Database


@pytest.fixture(scope="module")
async def deployment(
    new_migrated_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Deployment]:
    url, folder = new_migrated_database(), tmp_path_factory.mktemp("product")
    environ = {
        "EPOCH_TRUSTED_PROXIES": "127.0.0.1",
        "TWILIO_AUTH_TOKEN_SECONDARY": SECONDARY,
        "TWILIO_WEBHOOK_SHARED_KEY": SHARED_KEY,
        # Nothing listens there: the jobs' requests to the real carrier fail at once.
        "HTTPS_PROXY": "http://127.0.0.1:9",
    }
    database = Database(url, role=ADMIN_ROLE, connect_seconds=PATIENT_SECONDS)
    async with proxied_product(url, folder, **environ) as product:
        yield Deployment(product, database)
        await database.stop()


class CarrierOfCase:
    """Sends the forms of a case about one call."""

    def __init__(self, client: httpx.AsyncClient, signer: Signer, values: Mapping[str, str]) -> None:
        self._client = client
        self._signer = signer
        self._values = values

    async def send(self, form: Mapping[str, Any]) -> None:
        base = CORPUS["base"][form["like"]]
        given = {**base["fields"], **form["fields"]}
        fields = {name: self._filled(value) for name, value in given.items() if value is not None}
        url = f"{self._values['url']}{base['path']}"
        headers = {
            "content-type": "application/x-www-form-urlencoded; charset=UTF-8",
            "i-twilio-idempotency-token": str(uuid4()),
            **self._signer.headers(url, fields),
        }
        answer = await self._client.post(url, content=urlencode(fields), headers=headers)
        assert answer.status_code in (200, 204), (form, answer.status_code)
        assert ANSWERS.get(base["path"], b"") in answer.content

    def _filled(self, text: str) -> str:
        for name, value in self._values.items():
            text = text.replace(f"{{{name}}}", value)
        return text


@pytest.mark.parametrize(("case", "signer"), signed_cases())
async def test_the_carriers_requests_lead_to_the_record(
    deployment: Deployment, case: Mapping[str, Any], signer: Signer
) -> None:
    make = Factory(deployment.database, load_settings({}))
    tenant = await make.tenant()
    token = await make.token(tenant)
    values = {
        "url": deployment.product.url,
        "account": PRODUCTION["TWILIO_ACCOUNT_SID"],
        "application": PRODUCTION["TWILIO_TWIML_APP_SID"],
        "call": new_sid(),
        "child": new_sid(),
        "call_id": str(uuid4()),
        "identity": identity_of(token.id),
        "number": tenant.number or "",
        "time": format_datetime(utc_now()),
    }
    async with deployment.product.client("127.0.0.1") as client:
        carrier = CarrierOfCase(client, signer, values)
        for form in case["forms"]:
            await carrier.send(form)
    async with deployment.database.sessions() as session:
        call = await session.scalar(sa.select(Call).where(Call.carrier_sid == values["call"]))
    if case["record"] is None:
        assert call is None
        return
    assert call is not None
    assert {name: getattr(call, name) for name in case["record"]} == case["record"]
    assert (call.to_number, call.from_number) == ("+12125550147", tenant.number)


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
async def test_another_secret_signs_nothing(deployment: Deployment, algorithm: str) -> None:
    url = f"{deployment.product.url}/voice/status"
    form = {"AccountSid": PRODUCTION["TWILIO_ACCOUNT_SID"], "CallSid": new_sid(), "CallStatus": "completed"}
    headers = Signer("another secret", hashlib.sha256(b"x").hexdigest()[:32], algorithm).headers(url, form)
    async with deployment.product.client("127.0.0.1") as client:
        answer = await client.post(url, data=form, headers=headers)
    assert (answer.status_code, answer.content) == (403, b"")
