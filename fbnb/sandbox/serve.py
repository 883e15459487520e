"""The sandbox over real HTTP, on loopback only: for a browser, another program, or an SDK in another language."""

from __future__ import annotations

import asyncio
import logging
import math
import re
import socket
import struct
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from fbnb.redact import Secret, redact
from fbnb.sandbox.control import Sandbox
from fbnb.sandbox.controls import Controls
from fbnb.sandbox.core import answer
from fbnb.sandbox.doors import Doors
from fbnb.sandbox.encodings import params_of
from fbnb.sandbox.loopback import NAMES, listen
from fbnb.sandbox.messages import DIALOG_HOST, GRAPH_HOST, Answer, Asked, ask
from fbnb.sandbox.world import World

_log = logging.getLogger("fbnb.sandbox")
_ON_DIALOG_HOST = re.compile(r"/+(v\d+\.\d+/+)?(dialog/|device/*$|\.well-known/)")
_GRAPHS = {"graph.facebook.com": GRAPH_HOST, "graph-video.facebook.com": GRAPH_HOST}
_HOSTS = {**_GRAPHS, "www.facebook.com": DIALOG_HOST, "m.facebook.com": DIALOG_HOST, "facebook.com": DIALOG_HOST}
_MOST = 8_000_000  # bytes of a body
_STOP = 5.0  # seconds until a server that should have stopped is left to itself


@contextmanager
def serving(sandbox: Sandbox, key: Secret, *, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Serve, in a thread of its own, as long as the block lasts; yields the address, such as `http://127.0.0.1:8765`.

    port: 0 for any that is free. key: what the controls under `/_sandbox/` ask for.
    Raises InputError: the host is not loopback, or the port is taken.
    """
    listener = listen(host, port)
    name, port = listener.getsockname()[:2]
    url = f"http://{f'[{name}]' if ':' in name else name}:{port}"
    server = _server(sandbox, key, url)
    thread = threading.Thread(target=server.run, args=([listener],), name="fbnb sandbox", daemon=True)
    thread.start()
    try:
        yield url  # whoever connects before the loop runs waits in the listener's queue
    finally:
        server.should_exit = True
        thread.join(_STOP)
        listener.close()


def _server(sandbox: Sandbox, key: Secret, url: str) -> uvicorn.Server:
    graph = _Graph(sandbox.world, url)
    doors = Doors(Controls(sandbox), key)
    routes = [Route(path, end, max_body_size=_MOST) for path, end in (("/_sandbox/{control}", doors), ("/{path:path}", graph))]
    app = Starlette(routes=routes, exception_handlers={Exception: _failed})
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            http=H11Protocol,
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="critical",  # what it says of requests that a stop cut short helps nobody; what matters we say
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=0,
        )
    )
    graph.server = server
    return server


def _failed(request: Request, problem: Exception) -> Response:
    """What cannot happen did: say so where the sandbox runs, with no secret in it, and answer as Graph does."""
    _log.error("%s", redact("".join(traceback.format_exception(problem))))
    error = {"message": "An unknown error has occurred.", "type": "OAuthException", "code": 1}
    return JSONResponse({"error": error}, 500)


class _Graph:
    """Graph and the login dialog, for whoever asks: the same core as in process."""

    server: uvicorn.Server

    def __init__(self, world: World, url: str) -> None:
        self._world, self._url = world, url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        if request.method == "OPTIONS":
            await _ALLOWED(scope, receive, send)
            return
        told = answer(self._world, self._asked(request, await request.body()))
        if not math.isfinite(told.seconds):
            await _left(receive)
            return
        await asyncio.sleep(told.seconds)
        if told.reset:
            self._break(scope)
        else:
            await _response(told)(scope, receive, send)

    def _asked(self, request: Request, body: bytes) -> Asked:
        scope, headers = request.scope, request.headers
        params = params_of(scope["query_string"].decode("latin-1"), headers.get("content-type", ""), body)
        name, path = headers.get("host", ""), scope["path"]
        known = _HOSTS.get(name.partition(":")[0])
        host = known or (DIALOG_HOST if _ON_DIALOG_HOST.match(path) else GRAPH_HOST)
        origin = "" if known else f"http://{name}" if NAMES.fullmatch(name) else self._url
        method = "GET" if request.method == "HEAD" else request.method
        return ask(method, host, path, params, headers.get("authorization", ""), origin=origin)

    def _break(self, scope: Scope) -> None:
        """Break the connection, as a network does: with a reset, and nothing said."""
        for connection in self.server.server_state.connections:
            if isinstance(connection, H11Protocol) and connection.client == scope["client"]:
                own = connection.transport.get_extra_info("socket")
                own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.transport.abort()


_ALLOWED = Response(
    headers={
        "access-control-allow-origin": "*",
        "access-control-allow-methods": "GET, POST, DELETE",
        "access-control-allow-headers": "authorization, content-type",
    }
)


async def _left(receive: Receive) -> None:
    """Wait until the caller has hung up."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _response(told: Answer) -> Response:
    return Response(told.content, told.status, headers={name: _plain(value) for name, value in told.headers.items()})


def _plain(value: str) -> str:
    # A header takes no line break and nothing beyond Latin-1; what a caller sent may stand in one.
    return re.sub(r"[^\x20-\x7e]", lambda found: "".join(f"%{byte:02X}" for byte in found.group().encode()), value)
