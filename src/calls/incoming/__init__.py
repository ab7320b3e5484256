"""Incoming calls: settings, the steps that a caller hears, records."""
