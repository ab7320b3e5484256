"""The back office: staff, apart from customers, run the business at ``/admin``."""
