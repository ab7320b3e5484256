"""Organizations: plans, members, invitations, upgrade requests, API keys and the audit log."""
