"""Tables of the job queue; the library pgqueuer defines and writes them."""

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ENUM, JSONB
from sqlalchemy.orm import Mapped, column_property, mapped_column

from kit.db.model import Base

JOB_STATUSES = ("queued", "picked", "successful", "exception", "canceled", "deleted", "failed")
WAITING_STATUSES = ("queued", "picked")
"""The statuses of unfinished jobs; the unique index of deduplication keys covers these."""
DEAD_LETTER_STATUS = "failed"
_STATUS: ENUM = ENUM(*JOB_STATUSES, name="pgqueuer_status", create_type=False)


class QueuedJob(Base):
    """A job that waits, runs or failed permanently; a job that succeeded is deleted."""

    __tablename__ = "pgqueuer"
    # Requests may insert rows but read only four columns, so no INSERT may return the columns that the database sets.
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
    """Time of the last heartbeat of the worker that runs the job."""
    dedupe_key: Mapped[str | None]
    payload: Mapped[bytes | None]
    """Encrypted if its handler has ``encrypted``; None after the job failed permanently."""
    headers: Mapped[dict[str, Any] | None] = mapped_column(JSONB)

    attempts: Mapped[int] = column_property(retries + sa.case((status.in_(("picked", DEAD_LETTER_STATUS)), 1), else_=0))
    """Number of started attempts."""
    given_up_at: Mapped[dt.datetime | None] = column_property(sa.case((status == DEAD_LETTER_STATUS, updated_at)))
    failure: Mapped[str | None] = column_property(sa.type_coerce(headers.op("->>")("failure"), sa.Text))
    """The class of the last error, never its text, which may contain an e-mail address."""


class JobLogEntry(Base):
    """A change of a job's status, as pgqueuer logs it. The product does not read these rows and purges them."""

    __tablename__ = "pgqueuer_log"

    id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)  # type: ignore[assignment]  # not a UUID here
    created_at: Mapped[dt.datetime] = mapped_column("created", server_default=sa.func.now())
    job_id: Mapped[int] = mapped_column(sa.BigInteger)
    status: Mapped[str] = mapped_column(_STATUS)
    priority: Mapped[int]
    kind: Mapped[str] = mapped_column("entrypoint")
