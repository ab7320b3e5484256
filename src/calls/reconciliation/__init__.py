"""Reconciliation of call records with the carrier: stuck calls, prices, daily comparison."""
