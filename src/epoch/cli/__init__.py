"""The command line ``epoch``: its commands and the checks of ``epoch doctor``."""
