"""Prometheus counter of the requests of widgets, by endpoint and outcome."""

from prometheus_client import Counter

from kit.errors import Unavailable
from widget.public_endpoint import OUTCOME_OK

ENDPOINTS = ("exchange", "status", "recent", "outcome", "missed-calls", "voicemail-greetings", "voicemail-drop")
WIDGET_REQUESTS = Counter(
    "epoch_widget_requests",
    "Requests of widgets, by endpoint and outcome: ok, or the code of the refusal.",
    ["endpoint", "outcome"],
)


def begin_series() -> None:
    """Create the series that alerts use with the value 0: without it, a rate does not show the first failure."""
    for endpoint in ENDPOINTS:
        for outcome in (OUTCOME_OK, Unavailable.code):
            WIDGET_REQUESTS.labels(endpoint, outcome)


def count_widget_requests(name: str, amount: int) -> None:
    """Add ``amount`` to the counter of a name such as ``exchange.ok``; ignore names of other counters."""
    endpoint, _, outcome = name.partition(".")
    if endpoint in ENDPOINTS:
        WIDGET_REQUESTS.labels(endpoint, outcome).inc(amount)
