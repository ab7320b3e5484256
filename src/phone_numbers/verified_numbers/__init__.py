"""Verified numbers, which organizations hold with another company: verification, checks, removal, API."""
