"""Platform code that knows neither telephones nor tenants: database, HTTP, jobs, mail, text, numbers."""
