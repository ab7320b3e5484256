"""An example of an HTTP server that receives and verifies webhooks.

Run: EPOCH_WEBHOOK_SECRET=whsec_… PORT=8080 python examples/receiver.py
"""

import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from epoch_voice_webhooks import WebhookVerificationError, read_event

SECRET = os.environ["EPOCH_WEBHOOK_SECRET"]


class Receiver(BaseHTTPRequestHandler):
    """Answers 204 to signed events and 400 to everything else."""

    def do_POST(self) -> None:
        """Verify the event, then answer. A real receiver stores the event before it answers."""
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        try:
            event = read_event(SECRET, dict(self.headers), body)
        except WebhookVerificationError:
            self.send_response(400)
        else:
            print(event["id"], event["type"], flush=True)
            self.send_response(204)
        self.end_headers()


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8080"))), Receiver).serve_forever()
