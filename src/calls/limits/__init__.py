"""Calling rules and limits (countries, numbers, frequency, duration, cost), and the admission of outgoing calls."""
