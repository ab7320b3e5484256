"""Background jobs and periodic tasks, stored in PostgreSQL by the library pgqueuer."""
