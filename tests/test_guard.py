"""The guard works: here, and in any Python that is started under the tests."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest

PROGRAM = "import socket; socket.create_connection(('192.0.2.1', 443), timeout=1)"


def test_this_process_reaches_loopback_only() -> None:
    with pytest.raises(ConnectionRefusedError, match="loopback only"):
        socket.create_connection(("192.0.2.1", 443), timeout=1)
    with pytest.raises(ConnectionRefusedError, match="loopback only"):
        socket.getaddrinfo("graph.facebook.com", 443)
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname(), timeout=1):
        pass


def test_so_does_every_python_started_from_it() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    assert "loopback only" in done.stderr
