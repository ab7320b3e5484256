"""The event log of an organization, for programs: changes emit events, which get a number each and can be listed."""
