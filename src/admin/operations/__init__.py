"""The operations page and its queries."""
