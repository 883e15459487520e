"""This machine and nothing beyond it: where a sandbox listens, and whom it takes for near."""

from __future__ import annotations

import re
import socket
from ipaddress import ip_address

from fbnb.errors import InputError

NAMES = re.compile(r"(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?")
"""What the Host header says of a request that was meant for this machine."""


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens on loopback. Raises InputError: another host, or a port that is taken or none."""
    if not is_loopback(host):
        raise InputError(f"The sandbox listens on loopback only, and {host!r} is not.", remedy="Use 127.0.0.1 or ::1.")
    if not 0 <= port <= 65535:
        raise InputError(f"{port} is no port.", remedy="Ports go up to 65535; 0 takes any that is free.")
    family, address = (socket.AF_INET6, "::1") if ":" in host else (socket.AF_INET, "127.0.0.1" if host == "localhost" else host)
    # The protocol is named, for asyncio turns Nagle's delay off for sockets of TCP alone.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen(128)
    except OSError as wrong:
        listener.close()
        problem = f"Nothing can listen on {host}, port {port}: {wrong.strerror}."
    else:
        return listener
    raise InputError(problem, remedy="Stop what listens there, or choose another port; 0 takes any that is free.")


def is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
