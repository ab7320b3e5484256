"""Database statements of webhook delivery: lease endpoints with due deliveries, and store the results of attempts."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from kit.clock import utc_now
from kit.db.raw import CompiledStatement
from kit.schemas import rfc3339
from webhooks.models import DeliveryState, WebhookDelivery, WebhookEndpoint
from webhooks.schedule import EAGER_FAILURES, EAGER_PERIOD, requested_wait, wait_after
from webhooks.sender import Answer

LEASE = dt.timedelta(seconds=10)
"""After this time other processes can lease the endpoints of a process that died; a running one renews its leases."""
BATCH_DELIVERIES = 50
"""Deliveries to one endpoint in one lease."""
EAGER_DELIVERIES = 10
"""As ``BATCH_DELIVERIES``, for an endpoint whose first failure is less than ``EAGER_PERIOD`` ago."""
MAX_ATTEMPTS_KEPT = 30


def is_due() -> tuple[sa.ColumnElement[bool], ...]:
    """The conditions for leasing an endpoint: it has a due delivery, is not paused, and is not leased."""
    return WebhookEndpoint.due_at <= sa.func.now(), WebhookEndpoint.paused_at.is_(None), _is_not_leased()


def _is_not_leased() -> sa.ColumnElement[bool]:
    return sa.or_(WebhookEndpoint.leased_until.is_(None), WebhookEndpoint.leased_until < sa.func.now())


def _claim_statement() -> sa.Executable:
    """Lease due endpoints: first those without failures, and at most ``organization_limit`` of each organization."""
    limit = sa.bindparam("limit", type_=sa.Integer())
    priority = WebhookEndpoint.failures > 0, WebhookEndpoint.due_at
    due = (
        sa.select(WebhookEndpoint.id, WebhookEndpoint.organization_id, WebhookEndpoint.failures, WebhookEndpoint.due_at)
        .where(*is_due(), WebhookEndpoint.organization_id != sa.all_(sa.bindparam("busy", type_=sa.ARRAY(sa.Uuid()))))
        .order_by(*priority)
        .limit(limit * 5)
        .cte("due")
    )
    rank = sa.func.row_number().over(partition_by=due.c.organization_id, order_by=(due.c.failures > 0, due.c.due_at))
    ranked = sa.select(due.c.id, rank.label("rank")).cte("ranked")
    chosen = (
        sa.select(WebhookEndpoint.id)
        .join(ranked, ranked.c.id == WebhookEndpoint.id)
        # Checked again, because another process may have leased the endpoint in the meantime.
        .where(ranked.c.rank <= sa.bindparam("organization_limit", type_=sa.Integer()), _is_not_leased())
        .order_by(ranked.c.rank, WebhookEndpoint.id)
        .limit(limit)
        .with_for_update(of=WebhookEndpoint, skip_locked=True)
        .cte("chosen")
    )
    return (
        sa.update(WebhookEndpoint)
        .where(WebhookEndpoint.id == chosen.c.id)
        .values(leased_until=sa.func.now() + LEASE, leased_by=sa.bindparam("owner", type_=sa.Uuid()))
        .returning(
            WebhookEndpoint.id,
            WebhookEndpoint.organization_id,
            WebhookEndpoint.url,
            WebhookEndpoint.secret,
            WebhookEndpoint.previous_secret,
            WebhookEndpoint.previous_secret_until,
            WebhookEndpoint.failures,
            WebhookEndpoint.failing_since,
        )
        .execution_options(synchronize_session=False)
    )


_CLAIM = _claim_statement()
IS_ANY_DUE = CompiledStatement(sa.select(sa.literal(1)).select_from(WebhookEndpoint).where(*is_due()).limit(1))
"""Finds a row when an endpoint is due."""
# For an endpoint that has failed for longer than EAGER_PERIOD, only the delivery that has waited longest is tried.
_DUE_DELIVERIES = sa.text("""
    SELECT d.id, d.endpoint_id, d.event_id, d.attempts, d.retry_until, d.body
    FROM webhook_endpoint e
    CROSS JOIN LATERAL (
        SELECT d.id, d.endpoint_id, d.event_id, d.sequence, d.attempts, d.retry_until, v.body
        FROM webhook_delivery d JOIN organization_event v ON v.id = d.event_id
        WHERE d.endpoint_id = e.id AND d.state = 'pending' AND d.next_attempt_at <= now()
        ORDER BY d.next_attempt_at, d.sequence
        LIMIT CASE WHEN e.failures = 0 THEN :batch WHEN e.failing_since > now() - :eager_period THEN :eager ELSE 1 END
    ) d
    WHERE e.id = ANY (:endpoints)
    ORDER BY d.endpoint_id, d.sequence
""").bindparams(
    sa.bindparam("endpoints", type_=sa.ARRAY(sa.Uuid())),
    sa.bindparam("batch", BATCH_DELIVERIES, type_=sa.Integer()),
    sa.bindparam("eager", EAGER_DELIVERIES, type_=sa.Integer()),
    sa.bindparam("eager_period", EAGER_PERIOD, type_=sa.Interval()),
)


def _store_statement() -> sa.Update:
    """Store the result of an attempt. A delivery that was queued again meanwhile stays due."""
    table = WebhookDelivery.metadata.tables[WebhookDelivery.__tablename__]
    is_resent = table.c.retry_until != sa.bindparam("claimed_retry_until", type_=table.c.retry_until.type)
    outcome = {name: sa.bindparam(f"new_{name}", type_=table.c[name].type) for name in ("state", "next_attempt_at")}
    new_values = {name: sa.case((is_resent, table.c[name]), else_=value) for name, value in outcome.items()}
    return (
        sa.update(table)
        .where(
            table.c.id == sa.bindparam("delivery_id", type_=table.c.id.type),
            # Limits the update to one partition.
            table.c.event_id == sa.bindparam("delivered_event_id", type_=table.c.event_id.type),
        )
        .values(attempts=sa.bindparam("new_attempts", type_=table.c.attempts.type), **new_values)
    )


_STORE_ATTEMPT = _store_statement()


class DueDelivery(msgspec.Struct, frozen=True):
    """One delivery to attempt."""

    id: UUID
    event_id: UUID
    attempts: Sequence[Mapping[str, Any]]
    """Previous attempts."""
    retry_until: dt.datetime
    body: str


class ClaimedEndpoint(msgspec.Struct, frozen=True):
    """An endpoint that is leased to this process, with its due deliveries."""

    id: UUID
    organization_id: UUID
    url: str
    secrets: tuple[str, ...]
    """Encrypted; the newest first."""
    failures: int
    failing_since: dt.datetime | None
    deliveries: tuple[DueDelivery, ...]


class Attempt(msgspec.Struct, frozen=True):
    """The result of one attempt."""

    delivery: DueDelivery
    at: dt.datetime
    answer: Answer

    @property
    def state(self) -> DeliveryState:
        """The delivery's state after this attempt."""
        if self.answer.is_success:
            return DeliveryState.DELIVERED
        return DeliveryState.FAILED if self.at >= self.delivery.retry_until else DeliveryState.PENDING


class DeliveryStore:
    """Runs the deliverer's statements in a session that sees all rows."""

    def __init__(self, session: AsyncSession, owner: UUID) -> None:
        """``owner`` is the id of this process in the leases."""
        self._session = session
        self._owner = owner

    async def claim(self, *, limit: int, organization_limit: int, busy: Collection[UUID]) -> Sequence[ClaimedEndpoint]:
        """Lease up to ``limit`` due endpoints, at most ``organization_limit`` of each organization.

        Endpoints of the ``busy`` organizations are excluded.
        """
        parameters = {
            "limit": limit,
            "organization_limit": organization_limit,
            "busy": list(busy),
            "owner": self._owner,
        }
        endpoints = (await self._session.execute(_CLAIM, parameters)).all()
        due: dict[UUID, list[DueDelivery]] = {row.id: [] for row in endpoints}
        for row in await self._session.execute(_DUE_DELIVERIES, {"endpoints": list(due)}) if due else ():
            delivery = DueDelivery(row.id, row.event_id, row.attempts, row.retry_until, row.body)
            due[row.endpoint_id].append(delivery)
        now = utc_now()
        return [
            ClaimedEndpoint(
                id=row.id,
                organization_id=row.organization_id,
                url=row.url,
                secrets=signing_secrets(row, now),
                failures=row.failures,
                failing_since=row.failing_since,
                deliveries=tuple(due[row.id]),
            )
            for row in endpoints
        ]

    async def renew(self, endpoint_ids: Collection[UUID]) -> None:
        """Renew the leases of the endpoints that are served."""
        is_leased = self._is_leased(endpoint_ids)
        renew = sa.update(WebhookEndpoint).where(*is_leased).values(leased_until=sa.func.now() + LEASE)
        await self._session.execute(renew)

    async def release_all(self) -> None:
        """Release all leases of this process, so that another one can continue at once."""
        is_leased = WebhookEndpoint.leased_by == self._owner
        release = sa.update(WebhookEndpoint).where(is_leased).values(leased_until=None, leased_by=None)
        await self._session.execute(release)

    async def store(self, endpoint: ClaimedEndpoint, attempts: Sequence[Attempt]) -> WebhookEndpoint | None:
        """Store the results, set the time of the next attempt and release the lease; return the endpoint's row.

        None when the endpoint was deleted meanwhile or is leased to another process.
        """
        # The endpoint is locked before its deliveries are read: transactions that add deliveries lock it too, so no
        # delivery is added before the end of this transaction.
        row: WebhookEndpoint | None = await self._session.scalar(
            sa.select(WebhookEndpoint).where(*self._is_leased([endpoint.id])).with_for_update()
        )
        if attempts:
            # All attempts in one round trip, because the endpoint's next deliveries wait for it.
            await self._session.execute(_STORE_ATTEMPT, [_attempt_parameters(attempt) for attempt in attempts])
        if row is None:
            return None
        self._count_failures(row, attempts)
        row.leased_until = row.leased_by = None
        row.due_at = await self._next_attempt(row)
        wait = requested_wait(max((attempt.answer.retry_after or 0 for attempt in attempts), default=0))
        if row.failures and wait:
            # A lease without a process: deliveries that are added meanwhile wait too.
            row.leased_until = utc_now() + wait
        return row

    def _count_failures(self, row: WebhookEndpoint, attempts: Sequence[Attempt]) -> None:
        if any(attempt.answer.is_success for attempt in attempts):
            row.failures, row.failing_since = 0, None
        elif attempts:
            row.failures += 1
            row.failing_since = row.failing_since or attempts[0].at
            if _is_in_eager_period(row):
                row.failures = min(row.failures, EAGER_FAILURES)

    async def _next_attempt(self, row: WebhookEndpoint) -> dt.datetime | None:
        pending = sa.select(sa.func.min(WebhookDelivery.next_attempt_at)).where(
            WebhookDelivery.endpoint_id == row.id, WebhookDelivery.state == DeliveryState.PENDING
        )
        next_attempt: dt.datetime | None = await self._session.scalar(pending)
        if next_attempt is None or row.failures == 0 or _is_in_eager_period(row):
            return next_attempt
        return max(next_attempt, utc_now() + wait_after(row.failures))

    def _is_leased(self, endpoint_ids: Collection[UUID]) -> tuple[sa.ColumnElement[bool], ...]:
        return WebhookEndpoint.id.in_(list(endpoint_ids)), WebhookEndpoint.leased_by == self._owner


def _attempt_parameters(attempt: Attempt) -> dict[str, Any]:
    """The parameters of ``_STORE_ATTEMPT``."""
    delivery, answer = attempt.delivery, attempt.answer
    entry = {"at": rfc3339(attempt.at), "status": answer.status, "answer": answer.text}
    next_attempt = None
    if attempt.state is DeliveryState.PENDING:
        next_attempt = utc_now() + wait_after(len(delivery.attempts) + 1, answer.retry_after)
    return {
        "delivery_id": delivery.id,
        "delivered_event_id": delivery.event_id,
        "claimed_retry_until": delivery.retry_until,
        "new_state": attempt.state,
        "new_next_attempt_at": next_attempt,
        "new_attempts": [*delivery.attempts, entry][-MAX_ATTEMPTS_KEPT:],
    }


def _is_in_eager_period(row: WebhookEndpoint) -> bool:
    return row.failing_since is not None and row.failing_since > utc_now() - EAGER_PERIOD


def signing_secrets(endpoint: Any, now: dt.datetime) -> tuple[str, ...]:
    """The encrypted secrets that sign deliveries, the newest first; ``endpoint`` is a row with those columns."""
    has_previous = endpoint.previous_secret is not None and endpoint.previous_secret_until is not None
    if has_previous and endpoint.previous_secret_until > now:
        return endpoint.secret, endpoint.previous_secret
    return (endpoint.secret,)
