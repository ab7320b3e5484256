"""Database access: engines, raw connections, the base class of tables, paging, purging, rate limits."""
