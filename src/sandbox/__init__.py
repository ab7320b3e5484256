"""The sandbox carrier: REST, signalling, media and callbacks of a carrier, on loopback, for development and tests."""
