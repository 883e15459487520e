"""Where the dialog's redirect is caught: this machine listens at the redirect_uri for the one answer of one login."""

from __future__ import annotations

import errno
import hmac
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler
from queue import SimpleQueue
from socketserver import ThreadingTCPServer
from threading import Lock, Thread
from urllib.parse import SplitResult, parse_qs, urlsplit

from fbnb.errors import InputError
from fbnb.sandbox.pages import page

_ADDRESSES = {"localhost": ("127.0.0.1", "::1"), "127.0.0.1": ("127.0.0.1",), "::1": ("::1",)}
_ABSENT = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}


class Catcher:
    """What answers at a redirect_uri. caught: the address with the answer in it, once it is there."""

    def __init__(self, redirect_uri: str, state: str) -> None:
        self.place, self._state = _here(redirect_uri), state
        self.caught = SimpleQueue[str]()
        self._lock, self._over = Lock(), False

    def answer(self, path: str) -> tuple[int, str, str]:
        """What a browser is told that comes to a path: a status, and a page's heading and words. Only one gets 200."""
        asked = urlsplit(path)
        if asked.path.rstrip("/") != self.place.path.rstrip("/"):
            return 404, "Nothing is here", "This waits for a login, at another path."
        told = parse_qs(asked.query)
        if not hmac.compare_digest(told.get("state", [""])[0].encode(), self._state.encode()):
            return 400, "Another login", "This is not the login that the notebook waits for. Start it there again."
        with self._lock:
            over, self._over = self._over, True
        if over:
            return 410, "That was it already", "The notebook has its answer. Go back to it."
        # What becomes of a code, nobody knows before the notebook has sent it to Graph.
        heading = "The dialog has answered" if "code" in told else "You are not logged in"
        return 200, heading, "Go back to the notebook: it knows. You can close this page."


@contextmanager
def catching(redirect_uri: str, state: str) -> Iterator[Catcher]:
    """Listen as long as the block lasts. Raises InputError: the redirect_uri is not on this machine, or its port is taken."""
    catcher = Catcher(redirect_uri, state)
    with ExitStack() as stack:
        for server in _servers(catcher, stack):
            Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
            stack.callback(server.shutdown)
        yield catcher


def _here(redirect_uri: str) -> SplitResult:
    parts = urlsplit(redirect_uri)
    if parts.scheme != "http" or parts.hostname not in _ADDRESSES:
        remedy = "Set FBNB_REDIRECT_URI to http://localhost:8400/callback, or log in with paste=True."
        raise InputError(f"A redirect to {redirect_uri} cannot be caught on this machine.", remedy=remedy)
    return parts


def _servers(catcher: Catcher, stack: ExitStack) -> list[_Server]:
    """One for each of this machine's addresses that the redirect_uri may mean; a machine may lack one of two."""
    servers, problem = list[_Server](), ""
    for address in _ADDRESSES[catcher.place.hostname or ""]:
        try:
            servers.append(stack.enter_context(_Server(address, catcher)))
        except OSError as wrong:
            problem = problem if wrong.errno in _ABSENT else f"{wrong.strerror}"
    if servers and not problem:
        return servers
    problem = problem or "this machine has no such address"
    remedy = "Stop what listens there, or set FBNB_REDIRECT_URI to another port."
    raise InputError(f"Nothing can listen at {catcher.place.netloc}: {problem}.", remedy=remedy)


class _Server(ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, address: str, catcher: Catcher) -> None:
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.catcher = catcher
        super().__init__((address, catcher.place.port or 80), _Visit)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a browser that hangs up is no news."""


class _Visit(BaseHTTPRequestHandler):
    server: _Server
    timeout = 10  # seconds; a browser opens connections that it never uses

    def do_GET(self) -> None:
        catcher = self.server.catcher
        status, heading, words = catcher.answer(self.path)
        try:
            self._show(status, heading, words)
        finally:  # the answer counts, whether or not the browser waited for its page
            if status == 200:
                catcher.caught.put(f"http://{catcher.place.netloc}{self.path}")

    def _show(self, status: int, heading: str, words: str) -> None:
        shown = page("caught", title=heading, words=words, sign="↩" if status == 200 else "?")
        self.send_response(status)
        for name, value in {**shown.headers, "content-length": str(len(shown.content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(shown.content)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the address has a code in it."""
