"""Stand-ins for the internet: transports that answer what they are told to, and note what was asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import httpx


@dataclass
class Capture(httpx.BaseTransport):
    """Notes every request; answers the next of `answers`, which are JSON values, texts or (status, value) pairs."""

    answers: list[Any] = field(default_factory=list)
    requests: list[httpx.Request] = field(default_factory=list)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        told = self.answers.pop(0) if self.answers else {}
        status, value = told if isinstance(told, tuple) else (200, told)
        return httpx.Response(status, content=value if isinstance(value, str | bytes) else json.dumps(value))

    @property
    def last(self) -> tuple[str, str, str, dict[str, str]]:
        """Method, host, path and parameters of the last request, wherever it carried them."""
        request = self.requests[-1]
        sent = dict(parse_qsl(request.url.query.decode(), keep_blank_values=True)) | dict(parse_qsl(request.read().decode()))
        return request.method, request.url.host, request.url.path, sent


@dataclass
class Failing(httpx.BaseTransport):
    """Raises what it is told to."""

    problem: Callable[[httpx.Request], BaseException]

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        raise self.problem(request)
