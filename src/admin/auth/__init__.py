"""Sign-in of staff, and the pages of their own accounts."""
