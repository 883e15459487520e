"""A person's login in their own browser: the dialog opened there, its redirect caught on this machine. Sandbox or live."""

from __future__ import annotations

import hmac
import socket
import webbrowser
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, Queue
from threading import Lock, Thread
from urllib.parse import SplitResult, parse_qs, urlsplit

from tqdm.auto import tqdm

from fbnb.client import DIALOG_HOST, GraphClient
from fbnb.errors import InputError, LoginTimedOut
from fbnb.flows.login import code_from_redirect, exchange_code, login_url, paste_redirect
from fbnb.sandbox import Sandbox
from fbnb.sandbox.transport import SandboxTransport, ServedTransport
from fbnb.tokens import AccessToken

_ADDRESSES = {"localhost": ("127.0.0.1", "::1"), "127.0.0.1": ("127.0.0.1",), "::1": ("::1",)}
_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{0}</title>
<style>
:root {{ color-scheme: light dark }}
body {{ font: 1.1rem/1.5 system-ui, sans-serif; max-width: 32rem; margin: 4rem auto; padding: 0 1rem }}
</style>
<main><h1>{0}</h1><p>{1}</p></main>
</html>
"""


def log_in_in_browser(
    client: GraphClient,
    scopes: Iterable[str] | str = (),
    *,
    auth_type: str | None = None,
    seconds: int = 300,
    paste: bool = False,
    open: Callable[[str], bool] = webbrowser.open,
) -> AccessToken:
    """`log_in`, answered by you: opens the dialog in your browser and catches the redirect, on either target.

    The client's redirect_uri must be on this machine, such as http://localhost:8400/callback; Facebook allows that while the
    app is in development. seconds: how long to wait. paste: for a notebook that runs on another machine than your browser;
    asks for the address that the dialog led to instead. open: how the browser is opened.

    Raises LoginTimedOut. InputError: the redirect_uri is elsewhere, or its port is taken. LoginCancelled, and all that
    `log_in` raises.
    """
    state, redirect_uri = client.nonce(), client.settings.redirect_uri
    with _dialog(client) as site:

        def consent(url: str) -> str:
            there = url.replace(f"https://{DIALOG_HOST}", site, 1)
            return paste_redirect(there) if paste else _redirect(there, redirect_uri, state, seconds, open)

        url = login_url(client, scopes, state=state, auth_type=auth_type)
        redirect = client.acting_as(consent).open_dialog(url)
    return exchange_code(client, code_from_redirect(redirect, state=state, redirect_uri=redirect_uri))


@contextmanager
def _dialog(client: GraphClient) -> Iterator[str]:
    """Where a browser finds the dialog of what the client talks to; a sandbox in process is served meanwhile."""
    match client.transport:
        case SandboxTransport(sandbox=Sandbox() as sandbox):
            with sandbox.serve() as url:
                yield url
        case ServedTransport(url=url):
            yield url
        case _:
            yield f"https://{DIALOG_HOST}"


def _redirect(url: str, redirect_uri: str, state: str, seconds: int, open: Callable[[str], bool]) -> str:
    """The address that the dialog leads to."""
    with _Catcher.listening(_here(redirect_uri), state) as catcher:
        opened = open(url)
        print(f"{'Your browser shows the dialog. If not, open' if opened else 'Open'} this address:\n{url}")  # noqa: T201 - what is asked of a person
        with tqdm(total=seconds, desc="Waiting for you", unit="s", leave=False) as bar:
            for _ in range(seconds):
                try:
                    return catcher.caught.get(timeout=1)
                except Empty:
                    bar.update()
    raise LoginTimedOut(f"Nobody answered the dialog within {seconds} seconds.")


def _here(redirect_uri: str) -> SplitResult:
    parts = urlsplit(redirect_uri)
    if parts.scheme != "http" or parts.hostname not in _ADDRESSES:
        remedy = "Set FBNB_REDIRECT_URI to http://localhost:8400/callback, or log in with paste=True."
        raise InputError(f"A redirect to {redirect_uri} cannot be caught on this machine.", remedy=remedy)
    return parts


@dataclass
class _Catcher:
    """Waits where the dialog redirects to, for the one answer that has this login's state."""

    place: SplitResult
    state: str

    def __post_init__(self) -> None:
        self.caught, self._lock, self._over = Queue[str](), Lock(), False

    @classmethod
    @contextmanager
    def listening(cls, place: SplitResult, state: str) -> Iterator[_Catcher]:
        """Raises InputError: the port is taken."""
        catcher = cls(place, state)
        with ExitStack() as stack:
            for server in catcher._servers():
                stack.callback(server.server_close)
                stack.callback(server.shutdown)
                Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
            yield catcher

    def _servers(self) -> list[ThreadingHTTPServer]:
        port, servers, problem = self.place.port or 80, list[ThreadingHTTPServer](), ""
        for address in _ADDRESSES[self.place.hostname or ""]:
            try:
                servers.append(_server(address, port, self))
            except OSError as wrong:  # of two addresses, a machine may have but one
                problem = problem or f"Nothing can listen at {self.place.netloc}: {wrong.strerror}."
        if servers:
            return servers
        raise InputError(problem, remedy="Stop what listens there, or set FBNB_REDIRECT_URI to another port.")

    def answer(self, path: str) -> tuple[int, str, str]:
        """What a browser is told that comes to a path: a status, and a page's heading and words."""
        asked = urlsplit(path)
        if asked.path.rstrip("/") != self.place.path.rstrip("/"):
            return 404, "Nothing is here", "This waits for a login, at another path."
        told = parse_qs(asked.query)
        if not hmac.compare_digest(told.get("state", [""])[0].encode(), self.state.encode()):
            return 400, "Another login", "This is not the login that the notebook waits for. Start it there again."
        with self._lock:
            over, self._over = self._over, True
        if over:
            return 410, "That was it already", "The notebook has its answer. Go back to it."
        heading = "You are logged in" if "code" in told else "You are not logged in"
        return 200, heading, "Go back to the notebook: it knows. You can close this page."


def _server(address: str, port: int, catcher: _Catcher) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        timeout = 10  # a browser opens connections that it never uses

        def do_GET(self) -> None:
            status, heading, words = catcher.answer(self.path)
            page = _PAGE.format(heading, words).encode()
            self.send_response(status)
            for name, value in (("content-type", "text/html; charset=utf-8"), ("content-length", str(len(page)))):
                self.send_header(name, value)
            self.send_header("cache-control", "no-store")
            self.end_headers()
            self.wfile.write(page)
            if status == 200:
                catcher.caught.put(f"http://{catcher.place.netloc}{self.path}")

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: the address has a code in it."""

    class Server(ThreadingHTTPServer):
        address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        daemon_threads = True

    return Server((address, port), Handler)
