"""A request as code to copy: curl, httpx, fbnb. What is hidden in it, each secret above all, is a variable to set first."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Mapping
from urllib.parse import quote, urlencode

from fbnb.redact import ELLIPSIS, SECRET_PARAMETERS
from fbnb.wire import CREDENTIALS, Exchange

_CALLED = re.compile(r"(?<![.\w])[a-z]\w*(?=\()")


def importing(code: str) -> str:
    """The lines that import from fbnb what a piece of code calls by name."""
    names = textwrap.wrap(", ".join(sorted(set(_CALLED.findall(code)))), 88)
    return "\n".join(f"from fbnb import {some.rstrip(',')}" for some in names)


def as_curl(exchange: Exchange, at: str = "") -> str:
    """The request as a curl command; each secret is a shell variable, such as $ACCESS_TOKEN.

    at: where a sandbox is served, by default Graph itself.
    """
    hidden = [name for name, value in exchange.params.items() if _is_hidden(name, value)]
    shown = {name: value for name, value in exchange.params.items() if name not in hidden}
    query = "&".join(filter(None, [urlencode(shown, safe=",:/"), *(f"{name}=${name.upper()}" for name in hidden)]))
    method = "" if exchange.method == "GET" else f"-X {exchange.method} "
    if exchange.method == "POST":
        return f'curl {method}"{_url(exchange, at)}" -d "{query}"'
    return f'curl {method}"{_url(exchange, at)}{"?" if query else ""}{query}"'


def as_httpx(exchange: Exchange, at: str = "") -> str:
    """The request as a call of httpx; each secret is a name, such as ACCESS_TOKEN. at: as for `as_curl`."""
    lines = [f"    {_text(name)}: {_value(name, value, name.upper())}," for name, value in exchange.params.items()]
    where = "data" if exchange.method == "POST" else "params"
    given = [_text(_url(exchange, at)), *([f"{where}={{\n{chr(10).join(lines)}\n}}"] if lines else [])]
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
    return variable if _is_hidden(name, value) else _text(value)


def _is_hidden(name: str, value: str) -> bool:
    return name in SECRET_PARAMETERS or ELLIPSIS in value


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _url(exchange: Exchange, at: str = "") -> str:
    return f"{at or f'https://{exchange.host}'}{quote(exchange.path)}"
