"""The embeddable phone: embed tokens, the exchange, and the files that a page loads."""
