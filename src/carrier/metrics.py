"""Prometheus metrics of requests to the carrier's REST API."""

import enum
import re

from prometheus_client import Counter, Histogram

METHODS = ("GET", "POST", "DELETE")
OTHER = "other"


class RequestOutcome(enum.StrEnum):
    """The results of a request, after all its retries."""

    ANSWERED = "answered"
    NOT_FOUND = "not_found"
    REJECTED = "rejected"
    """The carrier refused the request, for another reason than those below."""
    ACCESS_REFUSED = "access_refused"
    """The carrier refused our credentials, or the account is suspended."""
    RATE_LIMITED = "rate_limited"
    FAILED = "failed"
    """A server error of the carrier."""
    UNREACHABLE = "unreachable"
    """No response."""
    NOT_SENT = "not_sent"
    """The circuit breaker was open."""


REQUESTS = Counter(
    "epoch_carrier_requests",
    "Requests to the carrier's REST API, by HTTP method, resource and outcome.",
    ["method", "resource", "outcome"],
)
REQUEST_SECONDS = Histogram(
    "epoch_carrier_request_duration_seconds",
    "Seconds of a request to the carrier's REST API with all its retries, by HTTP method.",
    ["method"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
_RESOURCES = {
    "Accounts": "accounts",
    "Addresses": "addresses",
    "Applications": "applications",
    "AvailablePhoneNumbers": "available_numbers",
    "Balance": "balance",
    "Bundles": "bundles",
    "Calls": "calls",
    "DependentPhoneNumbers": "addresses",
    "IncomingPhoneNumbers": "numbers",
    "Keys": "keys",
    "Notifications": "calls",
    "Recordings": "recordings",
    "Triggers": "usage_triggers",
}
"""The label ``resource`` by a part of the URL's path; the set is fixed, so that no id becomes a label."""
_PART = re.compile(r"[A-Za-z]+")


def resource_of(path: str) -> str:
    """The resource of a path such as ``/2010-04-01/Accounts/AC…/Calls/CA….json``: that of its last known part."""
    resource = OTHER
    for part in path.split("/"):
        word = _PART.match(part)
        resource = _RESOURCES.get(word[0], resource) if word else resource
    return resource


def outcome_of(status: int) -> RequestOutcome:
    """The outcome of a response with the HTTP ``status``."""
    if status >= 500:
        return RequestOutcome.FAILED
    return {
        401: RequestOutcome.ACCESS_REFUSED,
        403: RequestOutcome.ACCESS_REFUSED,
        404: RequestOutcome.NOT_FOUND,
        429: RequestOutcome.RATE_LIMITED,
    }.get(status, RequestOutcome.ANSWERED if status < 400 else RequestOutcome.REJECTED)


def count_request(method: str, path: str, outcome: RequestOutcome, seconds: float | None) -> None:
    """Count one request; ``seconds`` is None for one that was not sent."""
    name = method.upper() if method.upper() in METHODS else OTHER
    REQUESTS.labels(name, resource_of(path), outcome).inc()
    if seconds is not None:
        REQUEST_SECONDS.labels(name).observe(seconds)


def begin_series() -> None:
    """Begin the series that alerts watch at 0: ``rate()`` needs two samples and would miss the first failure."""
    for method in METHODS:
        for outcome in RequestOutcome:
            REQUESTS.labels(method, "calls", outcome)
