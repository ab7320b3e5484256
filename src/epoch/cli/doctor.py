"""``epoch doctor``: runs all checks of a deployment, and has those of settings, public URL, mail, disk and clock."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from email.utils import parsedate_to_datetime

import asyncpg
import httpx
from aiosmtplib import SMTPException, SMTPResponseException
from sqlalchemy.exc import DBAPIError

from carrier.port import CarrierError
from epoch.carrier_factory import build_account_admin
from epoch.cli.carrier_checks import CarrierChecks
from epoch.cli.certificates import check_certificates
from epoch.cli.check_results import CheckFailed, CheckResult, CheckState, CheckWarned, PartUnusable
from epoch.cli.commands import read_carrier_needs
from epoch.cli.database_checks import (
    check_connections,
    check_database,
    check_database_clock,
    check_deployment,
    check_partitions,
    check_pooler,
    check_replica,
    check_secret_key,
    check_tenant_isolation,
)
from epoch.disk_space import describe_full_disks
from epoch.security_txt import SECURITY_TXT_PATH
from epoch.server.sandbox_process import find_sandbox
from kit.connection_failures import describe_connection_failure
from kit.environment import SettingsError
from kit.mail import MailServerWithoutTls, smtp_delivery
from kit.settings import Settings
from kit.tls import bundled_tls
from kit.unknown_settings import describe_unknown_settings

TIMEOUT_SECONDS = 10.0
CLOCK_TOLERANCE_SECONDS = 30.0
"""Access tokens are valid from one minute before they are made; half of that minute is left for network delays."""
CARRIER_CLOCK_URL = "https://api.twilio.com"
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
Check = Callable[[Settings], Awaitable[str]]


async def run_checks(settings: Settings) -> list[CheckResult]:
    """Run all checks; none of them changes anything."""
    needed_by_replica = None if settings.database_replica_url is None else "database"
    needed_by_proxies = None if settings.trusted_proxies else "public URL"
    checks: tuple[tuple[str, Check, str | None], ...] = (
        ("settings", _settings, None),
        ("database", check_database, None),
        ("connections", check_connections, "database"),
        ("tenant isolation", check_tenant_isolation, "database"),
        ("partitions", check_partitions, "database"),
        ("pooler", check_pooler, "database"),
        ("replica", check_replica, needed_by_replica),
        ("deployment", check_deployment, "database"),
        ("secret key", check_secret_key, "database"),
        ("public URL", _public_url, None),
        ("certificates", check_certificates, None),
        ("proxies", _proxies, needed_by_proxies),
        ("metrics", _metrics, "public URL"),
        ("mail", _mail_server, None),
        ("disk", _disk, None),
        ("clock", _clock, None),
        ("contact", _contact, None),
        ("legal texts", _legal_texts, None),
        ("database clock", check_database_clock, "database"),
    )
    doctor = _Doctor(settings)
    results = [await doctor.run(part, check, needs) for part, check, needs in checks]
    if reason := doctor.unusable.get("database"):
        return [*results, _not_checked("carrier", reason)]
    return [*results, *await run_carrier_checks(settings)]


class _Doctor:
    """Runs the checks one after the other, and leaves out those whose part cannot be used."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.unusable: dict[str, str] = {}
        """Parts that cannot be used, each with the reason."""

    async def run(self, part: str, check: Check, needs: str | None) -> CheckResult:
        """Run a check; if the part that it ``needs`` cannot be used, say only that it was not checked."""
        if needs in self.unusable:
            return _not_checked(part, self.unusable[needs])
        try:
            return CheckResult(part, CheckState.OK, await check(self._settings))
        except CheckWarned as warning:
            return CheckResult(part, CheckState.WARN, str(warning))
        except PartUnusable as error:
            self.unusable[part] = error.reason
            return CheckResult(part, CheckState.FAIL, str(error))
        except _FAILURES as error:
            return CheckResult(part, CheckState.FAIL, str(error) or describe_connection_failure(error))


def _not_checked(part: str, reason: str) -> CheckResult:
    """A warning: the failure itself is reported by another check, and the result of this one is not known."""
    return CheckResult(part, CheckState.WARN, f"not checked: {reason}")


async def run_carrier_checks(settings: Settings) -> list[CheckResult]:
    """Run the checks that ask the carrier; the sandbox carrier is asked only while it runs."""
    sandbox_settings = await find_sandbox(settings) if settings.is_sandbox else settings
    if sandbox_settings is None:
        return [CheckResult("carrier", CheckState.OK, "sandbox: started and set up by `epoch run`")]
    try:
        needs = await read_carrier_needs(sandbox_settings)
    except _FAILURES as error:
        return [CheckResult("carrier", CheckState.FAIL, f"not asked, because the database fails: {error}")]
    by_key = build_account_admin(sandbox_settings)
    by_token = build_account_admin(sandbox_settings, with_auth_token=True)
    try:
        return await CarrierChecks(sandbox_settings, needs, by_key=by_key, by_token=by_token).run()
    finally:
        await by_key.close()
        await by_token.close()


async def _settings(_: Settings) -> str:
    if unknown := describe_unknown_settings(os.environ):
        raise CheckWarned("; ".join(unknown))
    return "every EPOCH_… variable is one of this version"


async def _get_from_public_url(settings: Settings, path: str) -> httpx.Response:
    """The response to GET ``path`` at the public URL. Raises: PartUnusable."""
    try:
        async with httpx.AsyncClient(verify=bundled_tls(trust_env=True), timeout=TIMEOUT_SECONDS) as client:
            return await client.get(settings.public_url + path)
    except httpx.HTTPError as error:
        raise PartUnusable(
            f"{settings.public_url} does not answer ({describe_connection_failure(error)}): start the product, or check"
            " EPOCH_PUBLIC_URL, its DNS entry, certificate, proxy and firewall",
            reason=f"{settings.public_url} does not answer",
        ) from error


async def _public_url(settings: Settings) -> str:
    response = await _get_from_public_url(settings, "/health/live")
    if response.status_code != 200:
        raise CheckFailed(
            f"{settings.public_url}/health/live answered {response.status_code}: is it this product that runs there?"
        )
    return f"{settings.public_url} answers"


async def _proxies(settings: Settings) -> str:
    """Compare ``EPOCH_TRUSTED_PROXIES`` with the answer at the public URL: a proxy adds ``Via`` or ``Server`` to it."""
    if settings.trusted_proxies:
        return f"X-Forwarded-For of {', '.join(settings.trusted_proxies)} names the clients"
    response = await _get_from_public_url(settings, "/health/live")
    proxy = response.headers.get("via") or response.headers.get("server")
    if proxy is not None:
        raise CheckFailed(
            f"a proxy ({proxy[:40]}) answers at {settings.public_url}, but EPOCH_TRUSTED_PROXIES names none: "
            "all its clients share one address in limits, audit log and EPOCH_ADMIN_NETWORKS"
        )
    return "none: each connection's own address is the client's"


async def _metrics(settings: Settings) -> str:
    response = await _get_from_public_url(settings, "/metrics")
    if response.status_code == 200 and not settings.public_is_loopback:
        raise CheckFailed(f"anybody can read {settings.public_url}/metrics: keep it from strangers at the proxy")
    if settings.metrics_token is not None:
        return "for bearers of EPOCH_METRICS_TOKEN"
    if settings.is_production or settings.trusted_proxies:
        return "for nobody: set EPOCH_METRICS_TOKEN to read them"
    return "for this machine"


async def _contact(settings: Settings) -> str:
    if settings.contact_email is None:
        raise CheckWarned(
            f"EPOCH_CONTACT_EMAIL is not set: pages, mails and {SECURITY_TXT_PATH} name {settings.contact}"
        )
    return f"{settings.contact}, on pages, in mails and in {SECURITY_TXT_PATH}"


async def _legal_texts(settings: Settings) -> str:
    """Open the terms and the privacy notice as a visitor does. Raises: CheckFailed, CheckWarned."""
    texts = {"EPOCH_TERMS_URL": settings.terms_url, "EPOCH_PRIVACY_URL": settings.privacy_url}
    missing = [name for name, url in texts.items() if url is None]
    if missing:
        raise CheckWarned(f"{' and '.join(missing)} not set: a page says that there is no text")
    async with httpx.AsyncClient(
        verify=bundled_tls(trust_env=True), timeout=TIMEOUT_SECONDS, follow_redirects=True
    ) as client:
        for name, url in texts.items():
            try:
                status = (await client.get(url or "")).status_code
            except httpx.HTTPError as error:
                # The page may be on another server, which visitors can reach and this machine cannot.
                reason = describe_connection_failure(error)
                raise CheckWarned(f"{name} does not open from this machine ({reason}): {url}") from error
            if status >= 400:
                raise CheckFailed(f"{name} answers {status}: visitors who open {url} see an error")
    return "terms and privacy notice open"


async def _mail_server(settings: Settings) -> str:
    delivery = smtp_delivery(settings)
    if delivery is not None:
        try:
            await delivery.check()
        except MailServerWithoutTls as error:
            raise CheckFailed(error.message) from error
        except (OSError, SMTPException) as error:
            raise CheckFailed(_mail_failure(error)) from error
        return "the mail server takes mails"
    if not settings.is_sandbox:
        raise CheckFailed("EPOCH_SMTP_URL is not set: mails are files in the data directory that nobody receives")
    return f"files in {settings.data_dir / 'mail'}"


def _mail_failure(error: Exception) -> str:
    if isinstance(error, SMTPResponseException):
        # The server's own text, for example about a failed login, may have several lines.
        return f"the mail server refuses ({error.code}): {' '.join(error.message.split())[:200]}"
    return f"EPOCH_SMTP_URL: the mail server cannot be used: {describe_connection_failure(error)}"


async def _disk(settings: Settings) -> str:
    if full := await asyncio.to_thread(describe_full_disks, settings):
        raise CheckFailed("; ".join(full))
    return f"enough space in {settings.data_dir} and for temporary files"


async def _clock(settings: Settings) -> str:
    if settings.is_sandbox:
        return "sandbox: the carrier shares this machine's clock"
    async with httpx.AsyncClient(verify=bundled_tls(trust_env=True), timeout=TIMEOUT_SECONDS) as client:
        try:
            response = await client.head(CARRIER_CLOCK_URL)
        except httpx.HTTPError as error:
            reason = describe_connection_failure(error)
            raise CheckFailed(f"{CARRIER_CLOCK_URL} does not answer from this machine ({reason})") from error
    if "date" not in response.headers:
        raise CheckFailed("the carrier sent no date to compare with")
    offset = abs(time.time() - parsedate_to_datetime(response.headers["date"]).timestamp())
    if offset > CLOCK_TOLERANCE_SECONDS:
        raise CheckFailed(f"{offset:.0f} s away from the carrier's: it would refuse access tokens; set the clock (NTP)")
    return f"within {CLOCK_TOLERANCE_SECONDS:.0f} s of the carrier's"
