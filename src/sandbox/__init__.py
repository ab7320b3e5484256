"""A small carrier for a machine without an account: REST, signalling, media, webhooks, loopback only."""
