"""The command line `epoch`."""
