"""What an organization's phones may call, how much, and at what cost: the last gate before money."""
