"""HTTP helpers for Litestar and ASGI: error responses, CSRF, forms, request bodies, sessions, rate limits."""
