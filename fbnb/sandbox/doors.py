"""The controls over HTTP: for a program on this machine that knows the key of the run, and for no web page."""

from __future__ import annotations

import hmac
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from fbnb.errors import InputError
from fbnb.redact import Secret
from fbnb.sandbox.controls import Controls
from fbnb.sandbox.loopback import NAMES, is_loopback


class Barred(InputError):
    """The door stays shut. status: what HTTP says of it; headers: what goes with that."""

    def __init__(self, status: int, problem: str, remedy: str, headers: Mapping[str, str] = {}) -> None:
        super().__init__(problem, remedy=remedy)
        self.status, self.headers = status, headers


class Doors:
    """What answers under `/_sandbox/`. key: what a caller must bring."""

    def __init__(self, controls: Controls, key: Secret) -> None:
        self._controls, self._key = controls, key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request, control = Request(scope, receive), scope["path_params"].get("control", "")
        try:
            self._check(request)
            self._find(request.method, control)
            told = self._controls.answer(request.method, control, await request.body())
            response = Response(told, media_type="application/json")
        except Barred as barred:
            response = _refused(barred, barred.status, barred.headers)
        except InputError as wrong:
            response = _refused(wrong, 400, {})
        await response(scope, receive, send)

    def _check(self, request: Request) -> None:
        host, origin = request.headers.get("host", ""), request.headers.get("origin")
        near = request.client is not None and is_loopback(request.client.host)
        remedy = "Use them from a program on this machine, at the address where the sandbox is served."
        if not near or not NAMES.fullmatch(host) or origin not in {None, f"http://{host}"}:
            raise Barred(403, "The controls are not for a page of another site.", remedy)
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(key.encode(), self._key.reveal().encode()):
            remedy = "Send the header Authorization: Bearer, and FB_CONTROL_KEY behind it."
            raise Barred(401, "The controls need the key of this run.", remedy, {"www-authenticate": "Bearer"})

    def _find(self, method: str, control: str) -> None:
        table = self._controls.table
        if control not in table:
            raise Barred(404, f"There is no control {control!r}.", f"There are {', '.join(filter(None, table))}.")
        if method not in table[control]:
            allowed, remedy = {"allow": ", ".join(table[control])}, f"It takes {' and '.join(table[control])}."
            raise Barred(405, f"The control {control!r} takes no {method}.", remedy, allowed)


def _refused(wrong: InputError, status: int, headers: Mapping[str, str]) -> Response:
    return JSONResponse({"error": {"message": wrong.problem, "remedy": wrong.remedy}}, status, headers)
