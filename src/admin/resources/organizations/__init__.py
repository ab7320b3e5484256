"""Organizations in the back office: list, detail page and staff actions."""
