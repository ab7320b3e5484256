"""``epoch doctor``: checks database, connections, carrier, public URL, proxies, metrics and clock."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from email.utils import parsedate_to_datetime
from typing import Any

import asyncpg
import httpx
from sqlalchemy.exc import DBAPIError

from carrier.port import CarrierError
from epoch.carrier_factory import build_account_admin
from epoch.cli.carrier_checks import CarrierChecks
from epoch.cli.certificates import check_certificates
from epoch.cli.check_results import CheckFailed, CheckResult, CheckState, CheckWarned
from epoch.cli.commands import count_stored_secrets, read_carrier_needs, read_deployment, read_partition_faults
from epoch.connection_budget import read_budget
from epoch.disk_space import describe_full_disks
from epoch.health import MAX_CLOCK_SKEW
from epoch.pooler_check import ensure_pooler_is_declared
from epoch.replica_check import inspect_replica
from epoch.security_txt import SECURITY_TXT_PATH
from epoch.server.sandbox_process import find_sandbox
from epoch.tenant_isolation import describe, expected_isolation, find_gaps, owner_attributes
from kit.db.connector import Connector
from kit.db.outage import READ_ONLY_ADVICE
from kit.deployment import installation_url
from kit.environment import SettingsError
from kit.mail import smtp_delivery
from kit.settings import Settings
from kit.unknown_settings import describe_unknown_settings

TIMEOUT_SECONDS = 10.0
CLOCK_TOLERANCE_SECONDS = 30.0
"""Access tokens are valid from one minute back: half of it is left for the network."""
CARRIER_CLOCK_URL = "https://api.twilio.com"
MIN_POSTGRES_VERSION = 140_000


_FAILURES = (
    CheckFailed,
    SettingsError,
    CarrierError,
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    DBAPIError,
    httpx.HTTPError,
)


async def run_checks(settings: Settings) -> list[CheckResult]:
    """Every part's state; none of the checks changes anything."""
    checks: tuple[tuple[str, Callable[[Settings], Awaitable[str]]], ...] = (
        ("settings", _settings),
        ("database", _database),
        ("connections", _connections),
        ("tenant isolation", _tenant_isolation),
        ("partitions", _partitions),
        ("pooler", _pooler),
        ("replica", check_replica),
        ("deployment", _deployment),
        ("secret key", check_secret_key),
        ("public URL", _public_url),
        ("certificates", check_certificates),
        ("proxies", _proxies),
        ("metrics", _metrics),
        ("mail", _mail_server),
        ("disk", _disk),
        ("clock", _clock),
        ("contact", _contact),
        ("legal texts", _legal_texts),
        ("database clock", _database_clock),
    )
    results = [await _run_check(part, check, settings) for part, check in checks]
    return [*results, *await run_carrier_checks(settings)]


async def _run_check(part: str, check: Callable[[Settings], Awaitable[str]], settings: Settings) -> CheckResult:
    try:
        return CheckResult(part, CheckState.OK, await check(settings))
    except CheckWarned as warning:
        return CheckResult(part, CheckState.WARN, str(warning))
    except _FAILURES as error:
        return CheckResult(part, CheckState.FAIL, str(error) or type(error).__name__)


async def run_carrier_checks(settings: Settings) -> list[CheckResult]:
    """The results of the checks that ask the carrier; of the sandbox only while it runs."""
    placed = await find_sandbox(settings) if settings.is_sandbox else settings
    if placed is None:
        return [CheckResult("carrier", CheckState.OK, "sandbox: started and set up by `epoch run`")]
    try:
        needs = await read_carrier_needs(placed)
    except _FAILURES as error:
        return [CheckResult("carrier", CheckState.FAIL, f"not asked, because the database fails: {error}")]
    by_key, by_token = build_account_admin(placed), build_account_admin(placed, with_auth_token=True)
    try:
        return await CarrierChecks(placed, needs, by_key=by_key, by_token=by_token).run()
    finally:
        await by_key.close()
        await by_token.close()


async def _settings(_: Settings) -> str:
    if unknown := describe_unknown_settings(os.environ):
        raise CheckWarned("; ".join(unknown))
    return "every EPOCH_… variable is one of this version"


async def _connect(settings: Settings) -> Any:
    """A connection as the database's owner; the caller closes it."""
    if settings.owner_url is None:
        raise CheckFailed("EPOCH_DATABASE_URL is not set")
    return await Connector(settings.owner_url).open(None, seconds=TIMEOUT_SECONDS)


async def _database(settings: Settings) -> str:
    connection = await _connect(settings)
    try:
        number = int(await connection.fetchval("SHOW server_version_num"))
        if number < MIN_POSTGRES_VERSION:
            raise CheckFailed("PostgreSQL 14 or newer is needed")
        if await connection.fetchval("SELECT current_setting('transaction_read_only')::boolean"):
            raise CheckFailed(READ_ONLY_ADVICE)
        return f"PostgreSQL {number // 10_000}.{number % 10_000}"
    finally:
        await connection.close()


async def _connections(settings: Settings) -> str:
    """Compare the connections that all workers may open with those that the server takes."""
    connection = await _connect(settings)
    try:
        budget = await read_budget(connection, settings)
    finally:
        await connection.close()
    budget.ensure_free()
    others = f", {budget.held_by_others} of them held by other programs" if budget.held_by_others else ""
    return f"{budget.calculation} of {budget.limit}{others}"


async def _tenant_isolation(settings: Settings) -> str:
    expected = await asyncio.to_thread(expected_isolation)
    connection = await _connect(settings)
    try:
        if gaps := await find_gaps(connection, expected):
            raise CheckFailed(describe(gaps))
        found = f"{len(expected.policies)} policies on {len(expected.secured)} tables, as the migrations made them"
        attributes = await owner_attributes(connection)
        return f"{found}; {attributes}" if attributes else found
    finally:
        await connection.close()


async def _partitions(settings: Settings) -> str:
    if faults := await read_partition_faults(settings):
        raise CheckFailed("; ".join(faults))
    return "each month until the next ones has its own"


async def _pooler(settings: Settings) -> str:
    await ensure_pooler_is_declared(settings)
    if settings.is_pooled_by_transaction:
        return "transactions share connections, as EPOCH_DATABASE_POOLER says"
    return "each connection is one of the server"


async def check_replica(settings: Settings) -> str:
    """Ask the read replica, if there is one. Raises: CheckWarned, because lists and reports do without it."""
    if settings.database_replica_url is None:
        return "none: lists and reports read the database itself"
    try:
        found = await inspect_replica(settings)
    except (OSError, asyncpg.PostgresError) as error:
        raise CheckWarned(f"lists and reports read the database itself: {error or type(error).__name__}") from error
    if not found.is_standby:
        raise CheckWarned("there is no standby: lists and reports read the database itself")
    if found.budget.needed > found.budget.limit - found.budget.held_by_others:
        raise CheckWarned(
            f"{found.budget.calculation} of {found.budget.limit}, {found.budget.held_by_others} of them held by other"
            " programs: raise max_connections of the standby"
        )
    age = found.seconds_since_commit
    if not found.has_everything and age is not None and age > settings.database_replica_max_lag:
        raise CheckWarned(
            f"its last change is {age:.0f} s old, and there are newer ones: lists and reports"
            " read the database itself until it has caught up"
        )
    return f"a standby that follows; {found.budget.calculation} of {found.budget.limit}"


async def _deployment(settings: Settings) -> str:
    deployment = await read_deployment(settings)
    if deployment.is_copy:
        raise CheckFailed(
            f"this database is a copy of {_original(deployment.public_url, settings)}: say `epoch deployment --moved`"
            " if the original is no longer used or its address changed, else `epoch deployment --copied`"
        )
    return f"{deployment.name}, as numbers at the carrier are named"


def _original(noted: str | None, settings: Settings) -> str:
    is_other = noted not in {None, installation_url(settings)}
    return f"that of the installation at {noted}" if is_other else "another one"


async def check_secret_key(settings: Settings) -> str:
    """Count what was encrypted with another EPOCH_SECRET_KEY. Raises: CheckFailed."""
    stored = await count_stored_secrets(settings)
    if stored.unreadable:
        raise CheckFailed(stored.advice)
    if stored.old:
        return f"{stored.old} still encrypted with EPOCH_SECRET_KEY_PREVIOUS: run `epoch rotate-secrets`"
    if settings.secret_key_previous:
        return "nothing stored needs EPOCH_SECRET_KEY_PREVIOUS; when to remove it: docs/key-rotation.md"
    return "decrypts everything that is stored"


async def _get_own(settings: Settings, path: str) -> httpx.Response:
    """The response to ``path`` at the public URL. Raises: CheckFailed."""
    try:
        async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS) as client:
            return await client.get(settings.public_url + path)
    except httpx.HTTPError as error:
        reason = str(error) or "no answer in time"
        raise CheckFailed(
            f"{settings.public_url} does not answer ({reason}): start the product, or check EPOCH_PUBLIC_URL, its DNS"
            " entry, certificate, proxy and firewall"
        ) from error


async def _public_url(settings: Settings) -> str:
    response = await _get_own(settings, "/health/live")
    if response.status_code != 200:
        raise CheckFailed(
            f"{settings.public_url}/health/live answered {response.status_code}: is it this product that runs there?"
        )
    return f"{settings.public_url} answers"


async def _proxies(settings: Settings) -> str:
    """Compare ``EPOCH_TRUSTED_PROXIES`` with what answers at the public URL: the product itself names no server."""
    if settings.trusted_proxies:
        return f"X-Forwarded-For of {', '.join(settings.trusted_proxies)} names the clients"
    response = await _get_own(settings, "/health/live")
    proxy = response.headers.get("via") or response.headers.get("server")
    if proxy is not None:
        raise CheckFailed(
            f"a proxy ({proxy[:40]}) answers at {settings.public_url}, but EPOCH_TRUSTED_PROXIES names none: "
            "all its clients share one address in limits, audit log and EPOCH_ADMIN_NETWORKS"
        )
    return "none: each connection's own address is the client's"


async def _metrics(settings: Settings) -> str:
    response = await _get_own(settings, "/metrics")
    if response.status_code == 200 and not settings.public_is_loopback:
        raise CheckFailed(f"anybody can read {settings.public_url}/metrics: keep it from strangers at the proxy")
    if settings.metrics_token is not None:
        return "for bearers of EPOCH_METRICS_TOKEN"
    if settings.is_production or settings.trusted_proxies:
        return "for nobody: set EPOCH_METRICS_TOKEN to read them"
    return "for this machine"


async def _contact(settings: Settings) -> str:
    if settings.contact_email is None:
        return f"warning: EPOCH_CONTACT_EMAIL is not set: pages, mails and {SECURITY_TXT_PATH} name {settings.contact}"
    return f"{settings.contact}, on pages, in mails and in {SECURITY_TXT_PATH}"


async def _legal_texts(settings: Settings) -> str:
    """The terms and the privacy notice open for visitors."""
    texts = {"EPOCH_TERMS_URL": settings.terms_url, "EPOCH_PRIVACY_URL": settings.privacy_url}
    missing = [name for name, url in texts.items() if url is None]
    if missing:
        return f"warning: {' and '.join(missing)} not set: a page says that there is no text"
    async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, follow_redirects=True) as client:
        for name, url in texts.items():
            try:
                status = (await client.get(url or "")).status_code
            except httpx.HTTPError as error:
                # Another server's page: it may be open to visitors and not to this machine.
                return f"warning: {name} does not open from this machine ({type(error).__name__}): {url}"
            if status >= 400:
                raise CheckFailed(f"{name} answers {status}: visitors who open {url} see an error")
    return "terms and privacy notice open"


async def _mail_server(settings: Settings) -> str:
    delivery = smtp_delivery(settings)
    if delivery is not None:
        await delivery.check()
        return "the mail server takes mails"
    if not settings.is_sandbox:
        raise CheckFailed("EPOCH_SMTP_URL is not set: mails are files in the data directory that nobody receives")
    return f"files in {settings.data_dir / 'mail'}"


async def _disk(settings: Settings) -> str:
    if full := await asyncio.to_thread(describe_full_disks, settings):
        raise CheckFailed("; ".join(full))
    return f"enough space in {settings.data_dir} and for temporary files"


async def _clock(settings: Settings) -> str:
    if settings.is_sandbox:
        return "sandbox: the carrier shares this machine's clock"
    async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS) as client:
        response = await client.head(CARRIER_CLOCK_URL)
    if "date" not in response.headers:
        raise CheckFailed("the carrier sent no date to compare with")
    offset = abs(time.time() - parsedate_to_datetime(response.headers["date"]).timestamp())
    if offset > CLOCK_TOLERANCE_SECONDS:
        raise CheckFailed(f"{offset:.0f} s away from the carrier's: it would refuse access tokens; set the clock (NTP)")
    return f"within {CLOCK_TOLERANCE_SECONDS:.0f} s of the carrier's"


async def _database_clock(settings: Settings) -> str:
    if settings.owner_url is None:
        raise CheckFailed("EPOCH_DATABASE_URL is not set")
    skew = await Connector(settings.owner_url).clock_skew(seconds=TIMEOUT_SECONDS)
    if abs(skew) > MAX_CLOCK_SKEW.total_seconds():
        raise CheckFailed(f"{abs(skew):.0f} s away from this machine's: set both clocks (NTP)")
    return f"within {MAX_CLOCK_SKEW.total_seconds():.0f} s of this machine's"
