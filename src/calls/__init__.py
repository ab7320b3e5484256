"""Calls: the carrier's webhooks and the call records they make."""
