"""The limits on the number of calls, each with the code of the refusal when it is reached."""

COUNT_LIMITS = [
    ("live_calls", "too_many_calls_at_once"),
    ("live_calls_per_token", "too_many_calls_at_once"),
    ("calls_per_minute", "too_many_calls"),
    ("calls_per_minute_per_token", "too_many_calls"),
    ("calls_per_day", "too_many_calls"),
    ("calls_to_one_number_per_hour", "too_many_calls"),
]
"""Limits of an organization or token; each can be reached by calls to one number."""
