"""The supervisor's listening socket accepts clients before a worker runs; a taken port is reported in one line."""

import socket

import msgspec
import pytest

from epoch.server.supervisor import listen
from kit.environment import SettingsError
from kit.settings import load_settings


def test_a_taken_port_is_refused_by_name() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(SettingsError, match=rf"EPOCH_PORT={port}.*in use") as refused:
            listen(load_settings({"EPOCH_PORT": str(port)}))
    assert "\n" not in str(refused.value)


def test_an_address_of_another_machine_is_refused_by_name() -> None:
    with pytest.raises(SettingsError, match=r"EPOCH_HOST=192\.0\.2\.1"):
        listen(load_settings({"EPOCH_HOST": "192.0.2.1"}))


def test_the_listening_socket_queues_clients_before_a_worker_serves() -> None:
    settings = msgspec.structs.replace(load_settings({}), port=0)
    with listen(settings) as listener, socket.create_connection(listener.getsockname()[:2]) as client:
        assert client.getpeername() == listener.getsockname()
