"""The sandbox over real HTTP, on loopback only: for a browser, another program, or an SDK in another language."""

from __future__ import annotations

import asyncio
import logging
import math
import socket
import struct
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import format_datetime

import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
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
from fbnb.sandbox.hosts import meant
from fbnb.sandbox.loopback import listen
from fbnb.sandbox.messages import DIALOG_HOST, Answer, Asked, ask
from fbnb.sandbox.world import World

_log = logging.getLogger("fbnb.sandbox")
_THREAD = "fbnb sandbox"
# What these say of a request has secrets in it, or is of no news: badly sent, or cut short by a stop. Others may use them too.
for _name in ("uvicorn.error", "uvicorn.access", "python_multipart.multipart"):
    logging.getLogger(_name).addFilter(lambda record: record.threadName != _THREAD)
_BODY = {"content-length", "transfer-encoding"}  # one of which says that a request has one
_MOST = 8_000_000  # bytes of a body
_STOP = 0.7  # seconds until a server that should have stopped is left to itself


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
    thread = threading.Thread(target=server.run, args=([listener],), name=_THREAD, daemon=True)
    thread.start()
    try:
        yield url  # whoever connects before the loop runs waits in the listener's queue
    finally:
        server.should_exit = True
        thread.join(_STOP)
        listener.close()


def _server(sandbox: Sandbox, key: Secret, url: str) -> uvicorn.Server:
    graph = _Graph(sandbox.world, url)
    routes = [Route("/_sandbox/{control:path}", Doors(Controls(sandbox), key))]
    doors = Starlette(routes=routes, exception_handlers={ClientDisconnect: _gone, Exception: _failed}, max_body_size=_MOST)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        # What is not ours is for Graph to judge: no router would take a path with a line break, a whole address, or `*`.
        await (doors if scope["path"].startswith("/_sandbox/") else graph)(scope, receive, send)

    return uvicorn.Server(
        uvicorn.Config(
            app,
            http=_Breakable,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,  # which is the machine's time, and not the world's
            proxy_headers=False,
            timeout_graceful_shutdown=0,
        )
    )


class _Breakable(H11Protocol):
    """HTTP/1.1 that tells every request its connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as H11Protocol has it
        super().connection_made(transport)
        self.app_state = {"connection": transport}


def _break(scope: Scope) -> None:
    """Break the connection, as a network does: with a reset, and nothing said."""
    connection: asyncio.Transport = scope["state"]["connection"]
    connection.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.abort()


def _gone(request: Request, problem: Exception) -> Response:
    """Nobody is there any more who could read an answer."""
    return Response()


def _failed(request: Request, problem: Exception) -> Response:
    """What cannot happen did: say so where the sandbox runs, with no secret in it, and answer as Graph does."""
    _log.error("%s", redact("".join(traceback.format_exception(problem))))
    error = {"message": "An unknown error has occurred.", "type": "OAuthException", "code": 1}
    return JSONResponse({"error": error}, 500)


class _Graph:
    """Graph and the login dialog, for whoever asks: the same core as in process."""

    def __init__(self, world: World, url: str) -> None:
        self._world, self._url = world, url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._answer(scope, receive, send)
        except asyncio.CancelledError:
            _break(scope)  # the sandbox stops, and uvicorn would say 500 to whoever still waits
            raise

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            body = b"" if _BODY.isdisjoint(request.headers) else await _body(request)
        except ClientDisconnect:
            return
        date = {"date": format_datetime(self._world.clock.now(), usegmt=True)}
        if body is None or request.method == "OPTIONS":
            await (_TOO_LARGE if body is None else Response(headers=_ALLOWED | date))(scope, receive, send)
            return
        asked = self._asked(request, body)
        try:
            told = _FOREIGN if _foreign(request, asked) else answer(self._world, asked)
        except Exception as problem:  # noqa: BLE001 - whatever it is, the connection goes on
            await _failed(request, problem)(scope, receive, send)
            return
        if not math.isfinite(told.seconds):
            await _left(receive)
            return
        if told.seconds:
            await asyncio.sleep(told.seconds)
        if told.reset:
            _break(scope)
        else:
            await Response(told.content, told.status, {**told.headers, **date})(scope, receive, send)

    def _asked(self, request: Request, body: bytes) -> Asked:
        scope, headers = request.scope, request.headers
        params = params_of(scope["query_string"].decode("latin-1"), headers.get("content-type", ""), body)
        host, path, origin = meant(headers.get("host", ""), scope["path"], self._url)
        return ask(request.method, host, path, params, headers.get("authorization", ""), origin=origin)


def _foreign(request: Request, asked: Asked) -> bool:
    """Whether a page of another site answers the dialog in a person's place; a program sends no Origin."""
    origin, host = request.headers.get("origin"), request.headers.get("host", "")
    if origin is None or asked.host != DIALOG_HOST or asked.method != "POST":
        return False
    return origin not in ({asked.origin} if asked.origin else {f"http://{host}", f"https://{host}"})


_FOREIGN = Answer(403, "A page of another site has sent this form. Open the dialog itself.", {"content-type": "text/plain"})
_ALLOWED = {
    "access-control-allow-origin": "*",
    "access-control-allow-methods": "GET, POST, DELETE",
    "access-control-allow-headers": "authorization, content-type",
}


_TOO_LARGE = Response("Content Too Large", 413, {"connection": "close"})


async def _body(request: Request) -> bytes | None:
    """All of it; None where it is more than anyone sends in earnest, whether it says so at once or not."""
    if int(request.headers.get("content-length", 0)) > _MOST:  # h11 lets digits through, and nothing else
        return None
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST:
            return None
    return bytes(body)


async def _left(receive: Receive) -> None:
    """Wait until the caller has hung up."""
    while (await receive())["type"] != "http.disconnect":
        pass
