"""Serves the product as its own workers do: ``product_server.py PORT``, with the settings in the environment."""

import os
import socket
import sys

from epoch.server.worker import WorkerServer
from kit.settings import load_settings

if __name__ == "__main__":
    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=2048)
    WorkerServer(load_settings({**os.environ, "EPOCH_DRAIN_SECONDS": "0"})).run(sockets=[listener])
