"""Recorded greetings: decoded from files that customers upload, stored, and served to the carrier."""
