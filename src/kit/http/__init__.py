"""HTTP helpers for Litestar and ASGI: problems, CSRF, forms, request bodies, rate limits."""
