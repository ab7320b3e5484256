"""Writes calls from the server into customers' HubSpot accounts: connections, the sync, and its failures."""
