"""Numbers that organizations hold elsewhere and that calls out may show: verification, checks, removal, API."""
