"""Prometheus counters: rejected calls, calls that could not be checked, limits nearly used up, alerts of rejections."""

from prometheus_client import Counter

REJECTED_CALLS = Counter("epoch_calls_refused", "Calls refused before dialling, by reason.", ["reason"])
NEAR_LIMITS = Counter("epoch_limits_near", "Times that an organization came to 80 % of a limit, by limit.", ["limit"])
UNCHECKED_CALLS = Counter("epoch_calls_unchecked", "Calls refused because something failed while they were checked.")
REJECTION_ALERTS = Counter(
    "epoch_rejection_alerts", "Alerts that many calls were refused within an hour, by threshold.", ["threshold"]
)
