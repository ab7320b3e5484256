"""Code that all packages use: database, HTTP, jobs, settings, errors, mail, audit log, phone numbers, text."""
