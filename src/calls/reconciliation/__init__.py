"""Reconciliation of call records with the carrier: ends of stuck calls, prices, daily comparison."""
