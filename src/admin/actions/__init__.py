"""Staff actions: their definition, and the pages that ask for confirmation."""
