"""Organizations: plans, members, invitations, API keys and the audit log."""
