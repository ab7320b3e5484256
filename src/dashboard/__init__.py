"""HTML for customers; no rule of its own: its pages call the same services as the API."""
