"""Webhooks: sends an organization's events to URLs that it chose, signed, and keeps a log of the deliveries."""
