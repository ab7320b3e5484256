"""The telephone company: the port, the Twilio adapter and the sandbox carrier."""
