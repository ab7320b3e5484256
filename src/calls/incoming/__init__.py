"""Incoming calls: their settings, admission, call flow and records; voicemails and missed calls."""
