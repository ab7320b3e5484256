"""API keys, by which programs act for an organization."""
