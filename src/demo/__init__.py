"""The sandbox's demo page: a small CRM with the phone on it."""
