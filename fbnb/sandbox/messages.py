"""What the sandbox is asked, and the two ways it answers: an Answer, or a Refusal worded as Graph words it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

import msgspec

from fbnb.redact import SECRET_PARAMETERS, redact, redact_params
from fbnb.sandbox.encodings import basic

if TYPE_CHECKING:
    from fbnb.sandbox.records import TokenRecord

GRAPH_HOST = "graph.facebook.com"
DIALOG_HOST = "www.facebook.com"
TOKEN_ENDPOINT = "oauth/access_token"
_VERSION = re.compile(r"v\d+\.\d+")
_json = json.JSONEncoder(separators=(",", ":")).encode


class Asked(msgspec.Struct, frozen=True):
    """One request, whatever carried it. `path` has no version; `authorization` is the header's token, if any.

    version: as it was asked for, "" for none. served: the version that runs the call. origin: where all of Graph is served,
    such as http://127.0.0.1:8765; "" where it is asked by its own addresses. caller: the live token it was made with,
    once that was judged.
    """

    method: str
    host: str
    path: str
    params: Mapping[str, str] = msgspec.field(default_factory=dict)
    authorization: str = ""
    version: str = ""
    served: str = ""
    secure: bool = True
    origin: str = ""
    caller: TokenRecord | None = None

    def but(self, **changes: Any) -> Self:
        """The same, changed."""
        return msgspec.structs.replace(self, **changes)

    @property
    def access_token(self) -> str:
        """The token sent as a parameter, else the one in the header."""
        return self.params.get("access_token") or self.authorization

    def get(self, name: str) -> str:
        return self.params.get(name, "")

    def address(self, host: str, path: str) -> str:
        """Where whoever asks finds a path of one of Graph's hosts."""
        return f"{self.origin or f'https://{host}'}/{path}"

    def required(self, name: str) -> str:
        """A parameter the call cannot do without. Raises Refusal 100."""
        if not self.get(name):
            raise Refusal(100, f"(#100) The parameter {name} is required")
        return self.get(name)

    @property
    def secrets(self) -> list[str]:
        """What it carried that is nobody else's business, wherever else in it that may stand."""
        named = [self.authorization, *(value for name, value in self.params.items() if name in SECRET_PARAMETERS)]
        return [value for value in named if len(value) >= 8]  # less is no secret, and may be part of any word

    def __repr__(self) -> str:
        where = redact(f"{self.host}/{self.path}", self.secrets)
        return f"Asked({self.method} {where} {redact_params(self.params, self.secrets)})"


def ask(
    method: str,
    host: str,
    path: str,
    params: Mapping[str, str],
    authorization: str = "",
    *,
    secure: bool = True,
    origin: str = "",
) -> Asked:
    """A request as it came over a wire: the version split off the path, HEAD, `?method=` and `Authorization` understood."""
    first, _, rest = path.strip("/").partition("/")
    version, rest = (first, rest) if _VERSION.fullmatch(first) else ("", path.strip("/"))
    method = "GET" if method == "HEAD" else method
    # Not on the dialog's host, where a link would press Continue.
    override, overrides = params.get("method", "").upper(), method == "GET" and host == GRAPH_HOST
    scheme, _, token = authorization.partition(" ")
    return Asked(
        method=override if overrides and override in {"POST", "DELETE"} else method,
        host=host,
        path=rest,
        params={**basic(authorization), **params} if rest == TOKEN_ENDPOINT else params,
        authorization=token.strip() if scheme.lower() in {"bearer", "oauth"} else "",
        version=version,
        secure=secure,
        origin=origin,
    )


class Answer(msgspec.Struct, frozen=True):
    """Status, headers, and a body: a value to send as JSON, or text (a page) to send as it is.

    How it travels, where a fault befell it. seconds: until it has arrived, infinite for never. reset: the connection breaks
    before it has.
    """

    status: int
    body: Any
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)
    seconds: float = 0.0
    reset: bool = False

    def but(self, **changes: Any) -> Self:
        """The same, changed."""
        return msgspec.structs.replace(self, **changes)

    @property
    def content(self) -> bytes:
        """The body as it goes over a wire."""
        return (self.body if isinstance(self.body, str) else _json(self.body)).encode()

    @property
    def arrives(self) -> bool:
        """Whether the one who asked will ever see it."""
        return not self.reset and math.isfinite(self.seconds)


class Refusal(Exception):
    """Graph says no.

    status: the HTTP status; by default what the contract's rule gives for the code (12.3). challenge: the class named
    in `www-authenticate`; by default what goes with the code (12.2). more: further fields of the envelope.
    """

    def __init__(
        self,
        code: int,
        message: str,
        subcode: int | None = None,
        *,
        type: str = "OAuthException",
        status: int | None = None,
        challenge: str | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.subcode, self.type, self.more = code, message, subcode, type, more or {}
        self.status = status or _status(code)
        self.challenge = challenge or _challenge(code)

    def body(self, trace_id: str) -> dict[str, Any]:
        """The error envelope."""
        told: dict[str, Any] = {"message": self.message, "type": self.type, "code": self.code}
        if self.subcode is not None:
            told["error_subcode"] = self.subcode
        return {"error": {**told, **self.more, "fbtrace_id": trace_id}}

    def www_authenticate(self) -> str:
        # A header takes no line break and nothing beyond ASCII.
        message = re.sub(r"[^ -~]", "?", self.message)
        return f'OAuth "Facebook Platform" "{self.challenge}" "{message}"'


def _status(code: int) -> int:
    if code == 10 or 200 <= code < 300:
        return 403
    return 404 if code == 803 else 400


def _challenge(code: int) -> str:
    if code == 10 or 200 <= code < 300:
        return "insufficient_scope"
    return {190: "invalid_token", 803: "not_found", 101: "invalid_client"}.get(code, "invalid_request")
