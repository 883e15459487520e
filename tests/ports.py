"""A port of this machine for a server that is begun later, or begun again."""

from __future__ import annotations

import secrets
import socket


def free_port() -> int:
    """A port where nothing listens, of those the system hands to nobody by itself: it stays free until it is used."""
    while True:
        port = 20000 + secrets.randbelow(12000)  # Linux hands out 32768 and above, others 49152 and above
        if not any(_taken(address, port) for address in ("127.0.0.1", "::1")):
            return port


def _taken(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port)).close()
    except OSError:
        return False
    return True
