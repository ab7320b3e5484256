"""The processes of ``epoch run``, ``serve`` and ``jobs``: supervisor, workers, embedded PostgreSQL, sandbox carrier."""
