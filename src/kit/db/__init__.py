"""Database access: engine, raw connections, tables' base, paging, purging, rate limits."""
