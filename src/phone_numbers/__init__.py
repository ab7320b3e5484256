"""Phone numbers of organizations: search, purchase, release, postal addresses, verified numbers, reconciliation."""
