"""The page "Why was this refused", about refused calls and pages: its search, its queries and its handlers."""
