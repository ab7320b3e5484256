"""How much is too much, where a customer's setting does not say otherwise (per minute unless named)."""

EXCHANGES_PER_TOKEN_AND_ADDRESS = 600
EXCHANGES_PER_TOKEN = 1200
BAD_TOKENS_PER_ADDRESS = 60
ACTIVE_TOKENS = 50
LABEL_CHARACTERS = 64
EXCHANGE_BYTES = 16_384
"""Of a request body to a public widget endpoint."""
NAMED_TOKENS = 200
"""How many tokens a choice lists."""
