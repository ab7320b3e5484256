"""The event log: changes emit events, which get sequence numbers, are sent by webhooks and are listed by the API."""
