"""Outcomes, notes and tags of calls: the organization's list of outcomes, changes and their history."""
