"""API keys: how programs act for an organization."""
