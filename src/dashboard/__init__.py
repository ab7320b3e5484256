"""Customers' HTML pages. They hold no rules: they call the same services as the API."""
