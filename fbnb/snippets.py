"""A request as code to copy: curl, httpx, fbnb. Each secret is a variable to set first."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import quote, urlencode

from fbnb.redact import SECRET_PARAMETERS
from fbnb.wire import CREDENTIALS, Exchange


def as_curl(exchange: Exchange) -> str:
    """The request as a curl command; each secret is a shell variable, such as $ACCESS_TOKEN."""
    hidden = [name for name in exchange.params if name in SECRET_PARAMETERS]
    shown = {name: value for name, value in exchange.params.items() if name not in hidden}
    query = "&".join(filter(None, [urlencode(shown, safe=",:/"), *(f"{name}=${name.upper()}" for name in hidden)]))
    method = "" if exchange.method == "GET" else f"-X {exchange.method} "
    if exchange.method == "POST":
        return f'curl {method}"{_url(exchange)}" -d "{query}"'
    return f'curl {method}"{_url(exchange)}{"?" if query else ""}{query}"'


def as_httpx(exchange: Exchange) -> str:
    """The request as a call of httpx; each secret is a name, such as ACCESS_TOKEN."""
    lines = [f"    {_text(name)}: {_value(name, value, name.upper())}," for name, value in exchange.params.items()]
    where = "data" if exchange.method == "POST" else "params"
    given = [_text(_url(exchange)), *([f"{where}={{\n{chr(10).join(lines)}\n}}"] if lines else [])]
    return f"httpx.{exchange.method.lower()}({', '.join(given)})"


def as_fbnb(exchange: Exchange) -> str:
    """The request as a call of a GraphClient, which adds the app's proof itself; each secret is a name, such as token."""
    if exchange.path.endswith("/dialog/oauth"):
        return f"client.open_dialog({_text(f'{_url(exchange)}?{urlencode(exchange.params)}')})"
    if not exchange.host.startswith("graph."):
        return f"client.public({_text(exchange.path.lstrip('/'))})"
    path = exchange.path.lstrip("/").partition("/")[2]  # without the version, which is the client's
    token = ["token"] if "access_token" in exchange.params else []
    return f"client.{exchange.method.lower()}({', '.join([_text(path), *token, *_keywords(exchange.params)])})"


def _keywords(params: Mapping[str, str]) -> list[str]:
    told = {name: _value(name, value, _variable(name)) for name, value in params.items() if name not in CREDENTIALS}
    odd = [f"{_text(name)}: {value}" for name, value in told.items() if not name.isidentifier()]
    plain = [f"{name}={value}" for name, value in told.items() if name.isidentifier()]
    return [*plain, *([f"**{{{', '.join(odd)}}}"] if odd else [])]


def _variable(name: str) -> str:
    return "client.settings.app_secret" if name == "client_secret" else name


def _value(name: str, value: str, variable: str) -> str:
    return variable if name in SECRET_PARAMETERS else _text(value)


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _url(exchange: Exchange) -> str:
    return f"https://{exchange.host}{quote(exchange.path)}"
