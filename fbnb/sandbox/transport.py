"""The sandbox as an httpx transport, in process: no port, no thread, no network."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl

import httpx

from fbnb.sandbox.core import answer
from fbnb.sandbox.messages import Answer, ask
from fbnb.sandbox.world import World

_PATIENCE = 60.0  # seconds, of a caller who names no time-out


class SandboxTransport(httpx.BaseTransport):
    """Answers any request for Graph or the login dialog from a world."""

    def __init__(self, world: World) -> None:
        self._world = world

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        params = dict(request.url.params) | dict(parse_qsl(request.read().decode(errors="replace"), keep_blank_values=True))
        token, secure = request.headers.get("authorization", ""), request.url.scheme == "https"
        asked = ask(request.method, request.url.host, request.url.path, params, token, secure=secure)
        told = answer(self._world, asked)
        self._travel(told, request)
        body = told.body if isinstance(told.body, str) else json.dumps(told.body, separators=(",", ":"))
        return httpx.Response(told.status, headers=dict(told.headers), content=body.encode())

    def _travel(self, told: Answer, request: httpx.Request) -> None:
        """Let the time pass that an answer takes. Raises ReadTimeout, ReadError: it does not arrive."""
        patience = (request.extensions.get("timeout") or {}).get("read") or _PATIENCE
        if told.seconds:
            self._world.clock.sleep(min(told.seconds, patience))
        if told.seconds > patience:
            raise httpx.ReadTimeout("The read operation timed out", request=request)
        if told.reset:
            raise httpx.ReadError("Connection reset by peer", request=request)
