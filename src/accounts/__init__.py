"""User accounts: registration, sign-in, passwords, second factor, passkeys and sessions."""
