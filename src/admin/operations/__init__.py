"""The operations page: its queries, and the pause of all calls."""
