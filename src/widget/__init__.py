"""The embeddable phone: embed tokens, the exchange, and the files a page loads."""
