"""Caller id settings: the rules that choose which number of the organization an outgoing call shows."""
