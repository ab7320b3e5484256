"""The guide that customers read, and that their tools read."""
