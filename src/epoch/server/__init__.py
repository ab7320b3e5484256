"""Processes of `epoch run`: supervisor, workers, embedded PostgreSQL, sandbox carrier."""
