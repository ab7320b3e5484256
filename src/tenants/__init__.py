"""Organizations: plans, members and phone numbers."""
