"""Privacy: retention of call data, erasure of phone numbers and organizations, export of an organization's data."""
