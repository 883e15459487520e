"""No test leaves this machine: every Python started under the tests, kernels included, refuses to connect elsewhere.

It stands on PYTHONPATH, so that the interpreter loads it before anything else.
"""

import ipaddress
import sys
from typing import Any

REFUSED = "the tests reach loopback only, not"


def _refuse_far_hosts(event: str, args: tuple[Any, ...]) -> None:
    if event == "socket.connect" and isinstance(args[1], tuple) and not _near(args[1][0]):
        raise ConnectionRefusedError(f"{REFUSED} {args[1][0]}")
    if event == "socket.getaddrinfo" and not _near(args[0]):
        raise ConnectionRefusedError(f"{REFUSED} {args[0]}")


def _near(host: str | bytes | None) -> bool:
    name = host.decode() if isinstance(host, bytes) else host or ""
    if name in {"", "localhost"}:
        return True
    try:
        return ipaddress.ip_address(name).is_loopback or name == "0.0.0.0"
    except ValueError:
        return False


sys.addaudithook(_refuse_far_hosts)
