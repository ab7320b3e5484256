"""The audit log of organizations: the list and the export for their admins, and the verification of its hash chains."""
