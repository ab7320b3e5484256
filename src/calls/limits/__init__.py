"""Limits on calls: where an organization may call, how often, how long and at what cost."""
