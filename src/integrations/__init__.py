"""The phone in other companies' products: the HubSpot calling page, and kits to download."""
