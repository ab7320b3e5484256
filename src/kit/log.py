"""Structured logging, one line for each event, without tokens and full phone numbers.

Each line of a request has its ``request_id``; lines of a carrier callback also have ``call_sid`` and ``call_id``, lines
of a job ``job_id`` and ``job_kind``. The code that knows an id binds it by ``structlog.contextvars``.
"""

import re
import sys
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, WrappedLogger

REQUEST_ID = "request_id"
"""The key of a request's id in log lines, and in the headers of the jobs that the request enqueued."""
CONTEXT_IDS = (REQUEST_ID, "call_sid", "call_id", "job_id", "job_kind")
"""The keys that tell which request, call and job a log line belongs to."""
_SECRETS = re.compile(
    r"(ep[tk]_)[0-9A-Za-z]+"  # embed tokens and API keys
    r"|(eyJ)[\w-]+\.[\w-]+\.[\w-]+"  # access tokens
    r"|(\+)\d{3,11}(?=\d{4}\b)"  # phone numbers, except their last four digits
    r"|(/(?:verify-email|reset-password|invitations(?:/report)?|admin/join)/)[\w-]+"  # links with a token
)


def redact(text: str) -> str:
    """``text`` without tokens; phone numbers keep their last four digits."""
    return _SECRETS.sub(lambda found: f"{found[1] or found[2] or found[3] or found[4]}…", text)


def _redact_event(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    return {key: redact(value) if isinstance(value, str) else value for key, value in event.items()}


def configure_logging(stream: TextIO | None = None, *, json: bool) -> None:
    """Log to ``stream`` (standard error by default): JSON for machines, or aligned columns for people."""
    renderer: Any = structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(colors=False)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _redact_event,
            renderer,
        ],
        logger_factory=structlog.PrintLoggerFactory(stream or sys.stderr),
        cache_logger_on_first_use=True,
    )
