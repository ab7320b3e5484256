"""The back office: pages at ``/admin`` for staff, whose accounts are separate from customers'."""
