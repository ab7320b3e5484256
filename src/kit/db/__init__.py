"""Database access: connections, sessions, read replica, base class of tables, paging, partitions, purging, limits."""
