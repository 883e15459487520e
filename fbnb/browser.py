"""A person's login in their own browser: the dialog opened there, its redirect caught on this machine. Sandbox or live."""

from __future__ import annotations

import webbrowser
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from queue import Empty
from urllib.parse import parse_qsl, urlsplit

from tqdm.auto import tqdm

from fbnb.catcher import catching
from fbnb.client import DIALOG_HOST, GraphClient
from fbnb.errors import InputError, LoginTimedOut
from fbnb.flows.login import log_in, paste_redirect
from fbnb.sandbox.transport import SandboxTransport, ServedTransport
from fbnb.tokens import AccessToken


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

    Raises LoginTimedOut. InputError: no time, the redirect_uri is elsewhere, or its port is taken. All that `log_in` raises.
    """
    if seconds < 1:
        raise InputError("A person takes a second at least.", remedy="Such as seconds=300.")
    with _dialog(client) as site:

        def consent(url: str) -> str:
            there = url.replace(f"https://{DIALOG_HOST}", site, 1)
            return paste_redirect(there) if paste else _redirect(there, seconds, open)

        return log_in(client.acting_as(consent), scopes, auth_type=auth_type)


@contextmanager
def _dialog(client: GraphClient) -> Iterator[str]:
    """Where a browser finds the dialog of what the client talks to; a sandbox in process is served meanwhile."""
    match client.transport:
        case SandboxTransport(sandbox=sandbox):
            with sandbox.serve() as url:
                yield url
        case ServedTransport(url=url):
            yield url
        case _:
            yield f"https://{DIALOG_HOST}"


def _redirect(url: str, seconds: int, open: Callable[[str], bool]) -> str:
    """The address that the dialog at a URL leads to."""
    asked = dict(parse_qsl(urlsplit(url).query))
    with catching(asked["redirect_uri"], asked["state"]) as catcher:
        opened = open(url)
        print(f"{'Your browser shows the dialog. If not, open' if opened else 'Open'} this address:\n{url}")  # noqa: T201 - what is asked of a person
        with tqdm(total=seconds, desc="Waiting for you", unit="s", leave=False) as bar:
            for _ in range(seconds):
                try:
                    return catcher.caught.get(timeout=1)
                except Empty:
                    bar.update()
    raise LoginTimedOut(f"Nobody answered the dialog within {seconds} seconds.")
