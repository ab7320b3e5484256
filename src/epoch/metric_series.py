"""Makes the Prometheus series that alerts watch, with the value 0, so that each exists before its first event."""

import calls.callback_metrics
import calls.limits.rejection_alerts
import carrier.metrics
import crm.metrics
import webhooks.metrics
import widget.request_metrics


def begin_series() -> None:
    """Make the series of this process; the job queue makes those of jobs."""
    widget.request_metrics.begin_series()
    calls.callback_metrics.begin_series()
    calls.limits.rejection_alerts.begin_series()
    carrier.metrics.begin_series()
    webhooks.metrics.begin_series()
    crm.metrics.begin_series()
