"""The settings by which the number that a call shows is chosen."""
