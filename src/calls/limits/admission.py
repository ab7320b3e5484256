"""Decides about each call that a browser requests: limits concurrency, retries a busy client, survives an outage."""

import asyncio
import contextlib
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from calls.callback_forms import OutgoingCall
from calls.caller_attribution import CallerAttribution
from calls.errors import ClientBusy
from calls.limits.admission_queue import OrganizationSemaphores
from calls.limits.admission_service import AdmissionService
from calls.limits.alert_mails import AlertMailer
from calls.limits.metrics import UNCHECKED_CALLS
from calls.limits.prices import PriceList
from calls.limits.rejections import RejectionService, UncheckedRejections
from calls.models import Call
from calls.tenant_lookup import Tenant, TenantResolver
from kit.db.database import Database
from kit.failures import FAILURES, failing_dependency
from kit.http.app_key import AppKey

CONNECTION_WAIT_SECONDS = 3.0
"""The wait of a call for a connection: the carrier waits longer, and a late call is better than a rejected one."""
# A person who hangs up and calls again is faster than the report that the last call ended.
_BUSY_RETRY_SECONDS = (0.1, 0.2, 0.4, 0.5)
log = structlog.get_logger("epoch.calls")


class CallAdmission:
    """Admits and rejects calls. Made once at start; each decision is one transaction."""

    def __init__(
        self,
        database: Database,
        tenants: TenantResolver,
        attribution: CallerAttribution,
        prices: PriceList,
        alert_mailer: AlertMailer,
    ) -> None:
        self._database = database
        self._tenants = tenants
        self._attribution = attribution
        self._prices = prices
        self._alert_mailer = alert_mailer
        self._semaphores = OrganizationSemaphores()
        self.unchecked_rejections = UncheckedRejections()

    async def admit(self, outgoing: OutgoingCall) -> Call | None:
        """The record of the call, ``initiated`` or ``refused``; None when there is nothing to dial.

        Never raises: a call that cannot be checked or counted is not dialled.
        """
        tenant = None
        try:
            tenant = await self._tenants.tenant_of_token(outgoing.token_id)
            if tenant is None:
                return None
            outgoing = await self._identify_caller(tenant, outgoing)
            return await self._admit_when_client_is_free(tenant, outgoing)
        except Exception as error:
            UNCHECKED_CALLS.inc()
            log.error("call_not_checked", error=type(error).__name__)
            FAILURES.note(error)
            if failing_dependency(error) is None:
                FAILURES.report(error, where="call admission")
        return None if tenant is None else await self._reject_unchecked(tenant, outgoing)

    async def _identify_caller(self, tenant: Tenant, outgoing: OutgoingCall) -> OutgoingCall:
        if not self._attribution.may_identify(outgoing):
            return outgoing
        async with self._session(tenant.organization_id) as session:
            return await self._attribution.identify(session, outgoing)

    async def _admit_when_client_is_free(self, tenant: Tenant, outgoing: OutgoingCall) -> Call | None:
        for seconds in _BUSY_RETRY_SECONDS:
            try:
                return await self._admit_once(tenant, outgoing, may_wait=True)
            except ClientBusy:
                await asyncio.sleep(seconds)
        return await self._admit_once(tenant, outgoing, may_wait=False)

    async def _admit_once(self, tenant: Tenant, outgoing: OutgoingCall, *, may_wait: bool) -> Call | None:
        organization_id = tenant.organization_id
        async with (
            self._semaphores.acquire(organization_id),
            self._session(organization_id) as session,
        ):
            service = AdmissionService(session, prices=self._prices, alert_mailer=self._alert_mailer)
            call = await service.admit(organization_id, tenant.country, outgoing, may_wait=may_wait)
        if call is not None:
            self._tenants.remember(outgoing.call_sid, organization_id)
        return call

    def _session(self, organization_id: UUID) -> contextlib.AbstractAsyncContextManager[AsyncSession]:
        """A transaction that waits longer for a connection than a page does, and keeps its query plans."""
        return self._database.tenant_session(organization_id, keep_plans=True, wait_seconds=CONNECTION_WAIT_SECONDS)

    async def _reject_unchecked(self, tenant: Tenant, outgoing: OutgoingCall) -> Call | None:
        # Without a database not even the reason can be stored: the widget then learns that nothing works.
        with contextlib.suppress(Exception):
            async with self._session(tenant.organization_id) as session:
                earlier = self.unchecked_rejections.count(outgoing.token_id)
                return await RejectionService(session).store_unchecked(tenant.organization_id, outgoing, earlier)
        return None


CALL_ADMISSION: AppKey[CallAdmission] = AppKey("call_admission")
