"""Reports unexpected errors to Sentry. Imported only when it is configured: its package is an optional extra.

A report has the classes of the errors, their frames and the ids of the log's lines. It has no message of an error, no
variable, no request and no breadcrumb: each may contain phone numbers, tokens or a customer's text.
"""

from typing import Any

import sentry_sdk

from kit.tracing import context_ids
from kit.version import VERSION

_REMOVED_FIELDS = ("breadcrumbs", "extra", "logentry", "message", "modules", "request", "server_name", "user")
_FRAME_FIELDS = ("abs_path", "context_line", "filename", "function", "in_app", "lineno", "module")


def start_error_reports(dsn: str, *, environment: str) -> None:
    """Set Sentry up; ``dsn`` is the URL of the project that gets the reports."""
    sentry_sdk.init(
        dsn=dsn,
        environment=environment,
        release=f"epoch-voice@{VERSION}",
        default_integrations=False,
        auto_enabling_integrations=False,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        auto_session_tracking=False,
        before_send=_without_texts,
    )


def report_error(error: BaseException) -> None:
    """Send a report of ``error`` in the background."""
    sentry_sdk.capture_exception(error)


def stop_error_reports(seconds: float) -> None:
    """Send the pending reports for at most ``seconds``, then send no more."""
    sentry_sdk.get_client().close(timeout=seconds)


def _without_texts(event: Any, _: Any) -> Any:
    for name in _REMOVED_FIELDS:
        event.pop(name, None)
    for found in event.get("exception", {}).get("values", ()):
        found["value"] = ""
        for frame in found.get("stacktrace", {}).get("frames", ()):
            for name in set(frame) - set(_FRAME_FIELDS):
                del frame[name]
    event["tags"] = {name: str(value) for name, value in context_ids().items()}
    return event
