"""The sandbox as an httpx transport: in process, with no port, no thread, no network; or where it is served."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import httpx

from fbnb.clock import HeardClock, SystemClock
from fbnb.errors import InputError
from fbnb.sandbox.core import answer
from fbnb.sandbox.encodings import params_of
from fbnb.sandbox.messages import Answer, ask

if TYPE_CHECKING:
    from fbnb.sandbox.control import Sandbox

_PATIENCE = 60.0  # seconds, of a caller who names no time-out


class SandboxTransport(httpx.BaseTransport):
    """Answers any request for Graph or the login dialog from a sandbox's world. Pickled, it raises InputError."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    def __reduce__(self) -> NoReturn:
        problem = "A sandbox in this process cannot be reached from another."
        raise InputError(problem, remedy="Serve it (with sandbox.serve() as url), and let connect(target=url) make the client.")

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url, headers = request.url, request.headers
        body = request.read()
        params = params_of(url.query.decode(), headers.get("content-type", "") if body else "", body)
        asked = ask(request.method, url.host, url.path, params, headers.get("authorization", ""), secure=url.scheme == "https")
        told = answer(self.sandbox.world, asked)
        self._travel(told, request)
        content = b"" if request.method == "HEAD" else told.content
        return httpx.Response(told.status, headers=dict(told.headers), content=content)

    def _travel(self, told: Answer, request: httpx.Request) -> None:
        """Let the time pass that an answer takes. Raises ReadTimeout, ReadError: it does not arrive."""
        patience = (request.extensions.get("timeout") or {}).get("read") or _PATIENCE
        if told.seconds:
            self.sandbox.clock.sleep(min(told.seconds, patience))
        if told.seconds > patience:
            raise httpx.ReadTimeout("The read operation timed out", request=request)
        if told.reset:
            raise httpx.ReadError("Connection reset by peer", request=request)


def sandbox_behind(transport: httpx.BaseTransport) -> Sandbox | None:
    """The sandbox that a client's transport leads to, where it is in this process."""
    return transport.sandbox if isinstance(transport, SandboxTransport) else None


class ServedTransport(httpx.HTTPTransport):
    """Takes what is meant for Graph or the login dialog to the address where a sandbox is served, such as http://127.0.0.1:8765."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url
        self._served = httpx.URL(url)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.url,)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        served = self._served
        request.url = request.url.copy_with(scheme=served.scheme, host=served.host, port=served.port)
        request.headers["host"] = served.netloc.decode()
        return super().handle_request(request)

    def clock(self) -> SystemClock:
        """The sandbox's clock as it stands now; the real one where nobody answers."""
        try:
            response = self.handle_request(
                httpx.Request("OPTIONS", self.url, extensions={"timeout": {"connect": 2.0, "read": 5.0}})
            )
            response.close()
            return HeardClock(response.headers["date"])
        except (httpx.HTTPError, KeyError, ValueError):
            return SystemClock()
