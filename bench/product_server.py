"""Serves the product as its own workers do: ``product_server.py PORT [ROLE]``, with the settings in the environment."""

import os
import socket
import sys
import tempfile
from pathlib import Path

from epoch.process_role import ProcessRole
from epoch.server.worker import WorkerServer
from kit.metrics import share_metrics
from kit.settings import load_settings

if __name__ == "__main__":
    role = ProcessRole(sys.argv[2]) if len(sys.argv) > 2 else ProcessRole.RUN
    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=2048)
    with tempfile.TemporaryDirectory() as metrics_folder:
        share_metrics(Path(metrics_folder), 0)
        WorkerServer(load_settings({**os.environ, "EPOCH_DRAIN_SECONDS": "0"}), sys.stdout.buffer, role).run(
            sockets=[listener]
        )
