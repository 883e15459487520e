"""The controls over HTTP: for a program on this machine that knows the key of the run, and for no web page."""

from __future__ import annotations

import hmac
import json
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from fbnb.errors import InputError
from fbnb.redact import Secret
from fbnb.sandbox.controls import Controls
from fbnb.sandbox.loopback import NAMES, is_loopback


class Doors:
    """What answers under `/_sandbox/`. key: what a caller must bring."""

    def __init__(self, controls: Controls, key: Secret) -> None:
        self._controls, self._key = controls, key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            self._check(request)
            told = self._controls.answer(request.method, scope["path_params"]["control"], await _told(request))
            response = JSONResponse(told)
        except HTTPException as refused:
            response = JSONResponse({"error": {"message": refused.detail}}, refused.status_code)
        except InputError as wrong:
            response = JSONResponse({"error": {"message": wrong.problem, "remedy": wrong.remedy}}, 400)
        await response(scope, receive, send)

    def _check(self, request: Request) -> None:
        host, origin = request.headers.get("host", ""), request.headers.get("origin")
        near = request.client is not None and is_loopback(request.client.host)
        if not near or not NAMES.fullmatch(host) or origin not in {None, f"http://{host}"}:
            raise HTTPException(403, "The controls are for programs on this machine, not for a page of another site.")
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(key.encode(), self._key.reveal().encode()):
            raise HTTPException(401, "The controls need the key of this run: Authorization: Bearer and FB_CONTROL_KEY.")


async def _told(request: Request) -> dict[str, Any]:
    body = await request.body()
    try:
        told = json.loads(body) if body else {}
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise InputError("The body is not a JSON object.", remedy='Such as {"days": 60}.')
    return told
