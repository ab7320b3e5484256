"""Uploaded recordings: greetings that incoming callers hear, and voicemail greetings for voicemail drops."""
