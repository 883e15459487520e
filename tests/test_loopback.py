"""Where a sandbox may listen, and which names it goes by."""

from __future__ import annotations

import socket

import pytest

from fbnb.errors import InputError
from fbnb.sandbox.loopback import NAMES, is_loopback, listen


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.0.0.2"])
def test_it_listens_on_this_machine(host: str) -> None:
    with listen(host, 0) as listener:
        address = listener.getsockname()
        assert address[0] == {"localhost": "127.0.0.1"}.get(host, host)
        with socket.create_connection(address[:2], 5):
            pass


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.com", "", "127.0.0.1.example.com", "[::1]", "127.1"])
def test_it_listens_nowhere_else(host: str) -> None:
    assert not is_loopback(host)
    with pytest.raises(InputError, match="loopback only"):
        listen(host, 0)


@pytest.mark.parametrize("port", [-1, 65536, 10**20])
def test_what_is_no_port_is_said_to_be_none(port: int) -> None:
    with pytest.raises(InputError, match="is no port"):
        listen("127.0.0.1", port)


def test_a_port_that_is_taken_is_said_to_be() -> None:
    with listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(InputError, match=f"port {port}: Address already in use"):
            listen("127.0.0.1", port)


@pytest.mark.parametrize("name", ["localhost", "localhost:80", "127.0.0.1:65535", "[::1]", "[::1]:1"])
def test_the_names_of_this_machine(name: str) -> None:
    assert NAMES.fullmatch(name)


@pytest.mark.parametrize(
    "name", ["", "localhost.example", "xlocalhost", "127.0.0.1.example", "::1", "localhost:", "localhost:1:2", "a@localhost"]
)
def test_the_names_of_others(name: str) -> None:
    assert not NAMES.fullmatch(name)
