"""Drills: a two-node installation on loopback, and what happens when parts of it are replaced, killed or restored."""
