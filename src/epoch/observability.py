"""Starts OpenTelemetry traces and Sentry error reports in a worker, where the settings ask for them."""

from collections.abc import Callable

from kit.failures import FAILURES
from kit.settings import Settings
from kit.tracing import TRACING

FLUSH_SECONDS = 2.0


def start_observability(settings: Settings) -> Callable[[], None]:
    """Start what the settings ask for; return a function for the end of the process, which sends unsent data.

    ``load_settings`` has checked that the packages are installed.
    """
    closers: list[Callable[[], None]] = []
    if settings.otlp_endpoint is not None:
        from kit.otlp import OtlpTracer

        TRACING.tracer = tracer = OtlpTracer(settings.otlp_endpoint, environment=settings.env)
        closers.append(tracer.close)
    if settings.sentry_dsn is not None:
        from kit.error_reports import report_error, start_error_reports, stop_error_reports

        start_error_reports(settings.sentry_dsn, environment=settings.env)
        FAILURES.on_unexpected = report_error
        closers.append(lambda: stop_error_reports(FLUSH_SECONDS))

    def stop_observability() -> None:
        TRACING.tracer, FAILURES.on_unexpected = None, None
        for close in closers:
            close()

    return stop_observability
