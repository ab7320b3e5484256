"""Calls: the carrier's callbacks, limits, call records and their reconciliation with the carrier."""
