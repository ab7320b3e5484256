"""User accounts: registration, sign-in, passwords, second factor and sessions."""
