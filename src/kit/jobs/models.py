"""Tables of the job queue as the product reads them; pgqueuer made their columns and writes them."""

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ENUM, JSONB
from sqlalchemy.orm import Mapped, column_property, mapped_column

from kit.db.model import Base

JOB_STATUSES = ("queued", "picked", "successful", "exception", "canceled", "deleted", "failed")
WAITING_STATUSES = ("queued", "picked")
"""Of jobs that are not over; the index of deduplication keys covers these."""
DEAD_LETTER_STATUS = "failed"
_STATUS: ENUM = ENUM(*JOB_STATUSES, name="pgqueuer_status", create_type=False)


class QueuedJob(Base):
    """A job that waits, runs or was given up; a job that succeeded is deleted."""

    __tablename__ = "pgqueuer"
    # Requests may insert and read four columns: no INSERT may ask for what the database filled in.
    __mapper_args__ = {"eager_defaults": False}  # noqa: RUF012 - SQLAlchemy's own form

    id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)  # type: ignore[assignment]  # not a UUID here
    created_at: Mapped[dt.datetime] = mapped_column("created", server_default=sa.func.now())
    priority: Mapped[int] = mapped_column(default=0)
    kind: Mapped[str] = mapped_column("entrypoint")
    status: Mapped[str] = mapped_column(_STATUS, default="queued")
    retries: Mapped[int] = mapped_column("attempts", server_default="0")
    due_at: Mapped[dt.datetime] = mapped_column("execute_after", server_default=sa.func.now())
    updated_at: Mapped[dt.datetime] = mapped_column("updated", server_default=sa.func.now())
    heartbeat: Mapped[dt.datetime] = mapped_column(server_default=sa.func.now())
    """When the worker that runs the job last said that it lives."""
    dedupe_key: Mapped[str | None]
    payload: Mapped[bytes | None]
    """Encrypted where its handler says so; None once the job was given up."""
    headers: Mapped[dict[str, Any] | None] = mapped_column(JSONB)

    attempts: Mapped[int] = column_property(retries + sa.case((status.in_(("picked", DEAD_LETTER_STATUS)), 1), else_=0))
    """Attempts that were begun."""
    given_up_at: Mapped[dt.datetime | None] = column_property(sa.case((status == DEAD_LETTER_STATUS, updated_at)))
    failure: Mapped[str | None] = column_property(sa.type_coerce(headers.op("->>")("failure"), sa.Text))
    """The kind of the last error, never its text: that may repeat an address."""


class JobLogEntry(Base):
    """A change of a job's status, as pgqueuer logs it; nobody reads these rows, which are purged."""

    __tablename__ = "pgqueuer_log"

    id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)  # type: ignore[assignment]  # not a UUID here
    created_at: Mapped[dt.datetime] = mapped_column("created", server_default=sa.func.now())
    job_id: Mapped[int] = mapped_column(sa.BigInteger)
    status: Mapped[str] = mapped_column(_STATUS)
    priority: Mapped[int]
    kind: Mapped[str] = mapped_column("entrypoint")
