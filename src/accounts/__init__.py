"""People: users, their passwords and their sessions."""
