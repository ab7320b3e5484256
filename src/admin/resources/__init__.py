"""Back office lists and detail pages, one module for each kind of record."""
