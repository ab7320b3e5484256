"""Starts traces and error reports in a worker, where the settings ask for them."""

from collections.abc import Callable

from kit.failures import FAILURES
from kit.settings import Settings
from kit.tracing import TRACING

FLUSH_SECONDS = 2.0


def start_observability(settings: Settings) -> Callable[[], None]:
    """Start what is set; return what sends the rest at the end. ``load_settings`` has checked the packages."""
    ends: list[Callable[[], None]] = []
    if settings.otlp_endpoint is not None:
        from kit.otlp import OtlpTracer

        TRACING.tracer = tracer = OtlpTracer(settings.otlp_endpoint, environment=settings.env)
        ends.append(tracer.close)
    if settings.sentry_dsn is not None:
        from kit.error_reports import report_error, start_error_reports, stop_error_reports

        start_error_reports(settings.sentry_dsn, environment=settings.env)
        FAILURES.on_unexpected = report_error
        ends.append(lambda: stop_error_reports(FLUSH_SECONDS))

    def end() -> None:
        TRACING.tracer, FAILURES.on_unexpected = None, None
        for send_rest in ends:
            send_rest()

    return end
