"""Background jobs and periodic tasks."""
