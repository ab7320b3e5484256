"""The composition root: only it knows every room."""
