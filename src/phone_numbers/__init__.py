"""Phone numbers of organizations: search, purchase, release, and reconciliation with the carrier's list."""
