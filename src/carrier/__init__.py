"""The telephone carrier: the port, its Twilio adapter, the HTTP transport and the carrier's health."""
