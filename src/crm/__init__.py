"""Writes calls into the customers' CRM from the server: the connection to HubSpot, what waits, and what failed."""
