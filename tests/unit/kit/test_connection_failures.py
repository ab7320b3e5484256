"""Descriptions of failed network connections in plain words: refused, broken, no answer, unknown host, TLS, login."""

import asyncio
import socket
import ssl

import asyncpg
import httpcore
import httpx
import pytest

from kit.connection_failures import describe_connection_failure
from support.local_http import local_client
from support.ports import unused_port

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ConnectionRefusedError(111, "Connect call failed"), "it refuses connections"),
        (socket.gaierror(-2, "Name or service not known"), "its host name is not known"),
        (TimeoutError(), "it does not answer in time"),
        (httpx.ConnectTimeout(""), "it does not answer in time"),
        (ConnectionResetError(), "the connection to it broke"),
        (httpcore.RemoteProtocolError("illegal"), "the connection to it broke"),
        (OSError(113, "No route to host"), "the network does not lead to it"),
        (ssl.SSLError("alert"), "it refuses the encrypted connection"),
        (asyncpg.InvalidPasswordError("password of epoch"), "it refuses the login"),
        (asyncpg.CannotConnectNowError("starting"), "it is starting or stopping"),
        (asyncpg.TooManyConnectionsError("too many"), "it takes no more connections, or has no space left"),
        (OSError("Multiple exceptions"), "it does not answer"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_a_failure_is_told_in_words(error: Exception, words: str) -> None:
    assert describe_connection_failure(error) == words


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
async def test_what_the_system_says_counts_below_the_librarys_wrappers(host: str) -> None:
    async with local_client(trust_env=False) as client:
        with pytest.raises(httpx.ConnectError) as failed:
            await client.get(f"http://{host}:{unused_port()}")
    assert describe_connection_failure(failed.value) == "it refuses connections"


async def test_an_answer_that_does_not_come_is_one() -> None:
    with pytest.raises(TimeoutError) as failed:
        async with asyncio.timeout(0.001):
            await asyncio.sleep(60)
    assert describe_connection_failure(failed.value) == "it does not answer in time"


def test_of_several_addresses_one_that_the_network_leads_to_counts() -> None:
    both = ExceptionGroup("all attempts failed", [OSError(113, "No route to host"), ConnectionRefusedError()])
    assert describe_connection_failure(both) == "it refuses connections"
