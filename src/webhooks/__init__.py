"""Webhooks: sends an organization's events to addresses that it chose, signed, and keeps a log of the deliveries."""
