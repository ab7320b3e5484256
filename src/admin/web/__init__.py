"""The pages of the back office; loaded with the first request to them."""
