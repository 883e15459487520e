"""The sandbox as an httpx transport, in process: no port, no thread, no network."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl

import httpx

from fbnb.sandbox.core import answer
from fbnb.sandbox.messages import ask
from fbnb.sandbox.world import World


class SandboxTransport(httpx.BaseTransport):
    """Answers any request for Graph or the login dialog from a world."""

    def __init__(self, world: World) -> None:
        self._world = world

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        params = dict(request.url.params) | dict(parse_qsl(request.read().decode(errors="replace"), keep_blank_values=True))
        token, secure = request.headers.get("authorization", ""), request.url.scheme == "https"
        asked = ask(request.method, request.url.host, request.url.path, params, token, secure=secure)
        told = answer(self._world, asked)
        body = told.body if isinstance(told.body, str) else json.dumps(told.body, separators=(",", ":"))
        return httpx.Response(told.status, headers=dict(told.headers), content=body.encode())
