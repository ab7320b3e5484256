"""The phone in other companies' products: pages that their frames show, and settings to paste there."""
