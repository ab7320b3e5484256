"""The phone in other companies' products: the HubSpot calling page, and downloadable kits for CRMs and websites."""
