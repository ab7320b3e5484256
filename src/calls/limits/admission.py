"""Admits or rejects outgoing calls; ``admission_service`` makes the decision about each call.

This module limits how many calls are checked at once, retries while the widget's last call is live on record, and
rejects calls that could not be checked because of a failure.
"""

import asyncio
import contextlib
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from calls.agent_identification import AgentIdentification
from calls.callback_forms import OutgoingCall
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
"""The longest wait for a database connection: longer than a page's, because a late call is better than none."""
# A person may hang up and call again before the carrier reports the end of the last call.
_BUSY_RETRY_SECONDS = (0.1, 0.2, 0.4, 0.5)
log = structlog.get_logger("epoch.calls")


class CallAdmission:
    """Admits and rejects outgoing calls. Made once at start; each decision is one transaction."""

    def __init__(
        self,
        database: Database,
        tenants: TenantResolver,
        agent_identification: AgentIdentification,
        prices: PriceList,
        alert_mailer: AlertMailer,
    ) -> None:
        self._database = database
        self._tenants = tenants
        self._agent_identification = agent_identification
        self._prices = prices
        self._alert_mailer = alert_mailer
        self._semaphores = OrganizationSemaphores()
        self.unchecked_rejections = UncheckedRejections()

    async def admit(self, outgoing: OutgoingCall) -> Call | None:
        """The stored call, ``initiated`` or ``refused``; None when nothing is stored, or nothing is to be dialled.

        Never raises: a call that cannot be checked or counted is rejected.
        """
        tenant = None
        try:
            tenant = await self._tenants.tenant_of_token(outgoing.token_id)
            if tenant is None:
                return None
            outgoing = await self._identify_agent(tenant, outgoing)
            return await self._admit_with_retries(tenant, outgoing)
        except Exception as error:
            UNCHECKED_CALLS.inc()
            log.error("call_not_checked", error=type(error).__name__)
            FAILURES.record_full_disk(error)
            if failing_dependency(error) is None:
                FAILURES.report(error, where="call admission")
        return None if tenant is None else await self._reject_unchecked(tenant, outgoing)

    async def _identify_agent(self, tenant: Tenant, outgoing: OutgoingCall) -> OutgoingCall:
        if not self._agent_identification.may_identify(outgoing):
            return outgoing
        async with self._session(tenant.organization_id) as session:
            return await self._agent_identification.identify(session, outgoing)

    async def _admit_with_retries(self, tenant: Tenant, outgoing: OutgoingCall) -> Call | None:
        for seconds in _BUSY_RETRY_SECONDS:
            try:
                return await self._admit_once(tenant, outgoing, raises_busy=True)
            except ClientBusy:
                await asyncio.sleep(seconds)
        return await self._admit_once(tenant, outgoing, raises_busy=False)

    async def _admit_once(self, tenant: Tenant, outgoing: OutgoingCall, *, raises_busy: bool) -> Call | None:
        organization_id = tenant.organization_id
        async with (
            self._semaphores.acquire(organization_id),
            self._session(organization_id) as session,
        ):
            service = AdmissionService(session, prices=self._prices, alert_mailer=self._alert_mailer)
            call = await service.admit(organization_id, tenant.country, outgoing, raises_busy=raises_busy)
        if call is not None:
            self._tenants.remember(outgoing.call_sid, organization_id)
        return call

    def _session(self, organization_id: UUID) -> contextlib.AbstractAsyncContextManager[AsyncSession]:
        """A transaction that keeps its query plans, and waits longer for a connection than a page's."""
        return self._database.tenant_session(organization_id, keep_plans=True, wait_seconds=CONNECTION_WAIT_SECONDS)

    async def _reject_unchecked(self, tenant: Tenant, outgoing: OutgoingCall) -> Call | None:
        # Without a database not even the reason can be stored; the widget then gets a general error.
        with contextlib.suppress(Exception):
            async with self._session(tenant.organization_id) as session:
                earlier_rejections = self.unchecked_rejections.count(outgoing.token_id)
                return await RejectionService(session).store_unchecked(
                    tenant.organization_id, outgoing, earlier_rejections
                )
        return None


CALL_ADMISSION: AppKey[CallAdmission] = AppKey("call_admission")
