"""The event log: changes emit events, which are numbered by organization, sent to webhooks and listed by the API."""
