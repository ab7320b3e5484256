"""The page "Why was this refused": search, queries and pages."""
