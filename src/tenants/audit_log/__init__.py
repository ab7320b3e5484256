"""The audit log as an organization's admins read it: list, filters, export."""
