"""Syncs calls from the server to customers' CRMs: HubSpot connections, the sync and its failures."""
