"""HTTP by hand, over a socket: it says what no client would, and takes no answer that is not well-formed to the letter."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import msgspec

from fbnb.sandbox import Sandbox

UNLIMITED = {"calls_per_user": 100_000, "calls_of_one_user": 100_000}
_FIRST = re.compile(rb"HTTP/1\.1 (\d{3}) [ -~]+\r\n")
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+): ?([!-~](?:[ -~]*[!-~])?)?\r\n")


@dataclass(frozen=True)
class Read:
    """An answer. headers: by their names in small letters."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def told(self) -> Any:
        return msgspec.json.decode(self.body)


class Wire:
    """A connection to what is served at a URL. On it nothing may take longer than the seconds that one waits."""

    def __init__(self, url: str, wait: float = 10) -> None:
        parts = urlsplit(url)
        self.socket = socket.create_connection((str(parts.hostname), parts.port or 80), wait)
        self._file = self.socket.makefile("rb")

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *problem: object) -> None:
        self._file.close()
        self.socket.close()

    def send(self, sent: bytes) -> None:
        with suppress(ConnectionError):  # whoever reads what is no HTTP may hang up before its end
            self.socket.sendall(sent)

    def read(self, *, head: bool = False) -> Read | None:
        """The next answer; None where the connection was closed instead. head: it is one without a body."""
        try:
            first = self._file.readline()
        except ConnectionError:
            return None
        if not first:
            return None
        found, headers = _FIRST.fullmatch(first), dict(self._headers())
        assert found, first
        return Read(int(found[1]), headers, b"" if head else self._body(headers))

    def _headers(self) -> Iterator[tuple[str, str]]:
        while (line := self._file.readline()) != b"\r\n":
            found = _HEADER.fullmatch(line)
            assert found, line
            yield found[1].decode().lower(), (found[2] or b"").decode()

    def _body(self, headers: dict[str, str]) -> bytes:
        if "content-length" in headers:
            return self._file.read(int(headers["content-length"]))
        told = b""
        while headers.get("transfer-encoding") == "chunked" and (size := int(self._file.readline(), 16)):
            told += self._file.read(size)
            self._file.readline()
        return told


@contextmanager
def served() -> Iterator[tuple[Sandbox, str]]:
    """A sandbox that answers without limit, and where it is served."""
    sandbox = Sandbox()
    sandbox.assume(**UNLIMITED)
    with sandbox.serve() as url:
        yield sandbox, url


def asked(url: str, sent: bytes, *, head: bool = False) -> Read | None:
    """The answer to what is sent on a connection of its own."""
    with Wire(url) as wire:
        wire.send(sent)
        return wire.read(head=head)


def request(target: str, *headers: str, method: str = "GET", body: bytes = b"") -> bytes:
    """A request as it is written; with a body, its length too."""
    lines = [f"{method} {target} HTTP/1.1", "host: 127.0.0.1", *([f"content-length: {len(body)}"] if body else []), *headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body
