"""One call of Graph as a person types it, what came of it, and its answer as rows. Nothing secret is part of it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from fbnb.client import GRAPH_HOST, GraphClient
from fbnb.errors import FbnbError, InputError, SettingError
from fbnb.redact import ELLIPSIS, SECRET_PARAMETERS, redact
from fbnb.retries import NO_RETRIES
from fbnb.settings import DEFAULT_VERSION, Settings
from fbnb.tokens import AccessToken
from fbnb.wire import CREDENTIALS, Exchange

METHODS = ("GET", "POST", "DELETE")
ROWS = 50
_SHORT = 80
_TAKEN = frozenset({"path", "token", "self"})  # by the arguments of GraphClient.get
_PATHS = "Give what stands after the version, such as me, me/accounts or the id of a Page."
_LINES = "Write one on each line, such as limit=5; or all as a JSON object."
_HINT = re.compile(rf"\b[A-Z]{{3}}{ELLIPSIS}[\w-]{{4}}|\d\|{ELLIPSIS}")
_HIDDEN = "Pick the token to act with beside it; the Token Debugger looks into one, and a login exchanges a code."


@dataclass(frozen=True, slots=True)
class Inquiry:
    """A call of Graph that can be made. path: what stands after the version. fields: names, joined by commas.

    Raises InputError: the method is unknown, the version misspelt, the path empty and no `ids` are given, a parameter none,
    or a secret is in it.
    """

    path: str
    method: str = "GET"
    version: str = DEFAULT_VERSION
    fields: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check_no_secret(self)
        if self.method not in METHODS:
            raise InputError(f"Graph has no method {self.method!r}.", remedy="GET reads, POST writes, DELETE deletes.")
        _check_version(self.version)
        _check_path(self.path, self.parameters)
        if odd := _TAKEN.intersection(self.parameters) or {""}.intersection(self.parameters):
            raise InputError(f"No parameter is called {min(odd)!r}.", remedy="Call it as Graph's reference does.")

    @classmethod
    def of(
        cls, path: str, *, method: str = "GET", version: str = DEFAULT_VERSION, fields: str = "", parameters: str = ""
    ) -> Inquiry:
        """What was typed. path: also a whole address, taken apart; its credentials are left out, what else it says counts.

        parameters: `name=value` on each line, or a JSON object. Raises InputError: as above, or the address is another host's.
        """
        told_version, path, query = _taken_apart(path)
        told = {**_read(parameters), **query}
        names = re.split(r"[\s,]+", told.pop("fields", fields))
        return cls(path, method.strip().upper(), told_version or version.strip(), ",".join(filter(None, names)), told)

    @property
    def written(self) -> str:
        """The parameters as text, from which `of` reads the same again."""
        text = "\n".join(f"{name}={value}" for name, value in self.parameters.items())
        try:
            same = _read(text) == self.parameters
        except InputError:
            same = False
        return text if same else json.dumps(dict(self.parameters), ensure_ascii=False, indent=1)

    def ask(self, client: GraphClient, token: AccessToken | None) -> Reply:
        """Make the call, once: the first answer is final. A refusal is part of the reply, not raised.

        Raises FbnbError: nothing was sent.
        """
        asking = replace(client, settings=replace(client.settings, version=self.version)).with_retries(NO_RETRIES)
        call = {"GET": asking.get, "POST": asking.post, "DELETE": asking.delete}[self.method]
        before, error = client.wire.count, None
        try:
            call(self.path, token, **({"fields": self.fields} if self.fields else {}), **self.parameters)
        except FbnbError as refused:
            error = refused.with_traceback(None)  # kept for long, and its frames with it
        sent = client.wire.since(before)
        if error and not sent:
            raise error
        return Reply(self, sent[-1], error)


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of an inquiry: the exchange, secrets hidden, and the error where Graph refused or nothing came back."""

    inquiry: Inquiry
    exchange: Exchange
    error: FbnbError | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of an answer: the first 50 of `count`, each with the first 50 of `width` columns."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    count: int
    width: int


def table_of(answer: object) -> Table:
    """An answer as a table: a row for each item of a list, or for each field of an object; what is nested as short JSON."""
    data = answer.get("data", answer.get("error", answer)) if isinstance(answer, dict) else answer
    if isinstance(data, dict):
        told = [(str(name), brief(value)) for name, value in data.items()]
        return Table(("field", "value"), tuple(told[:ROWS]), len(told), 2)
    items = data if isinstance(data, list) else [data]
    shown = [item if isinstance(item, dict) else {"value": item} for item in items[:ROWS]]
    names = list(dict.fromkeys(name for item in shown for name in item))
    columns = names[:ROWS]
    rows = tuple(tuple(brief(item[name]) if name in item else "" for name in columns) for item in shown)
    return Table(tuple(map(str, columns)), rows, len(items), len(names))


def brief(value: Any, longest: int = _SHORT) -> str:
    """A value of an answer as short text: of a string itself, of anything else its JSON."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= longest else f"{text[:longest]}…"


def _taken_apart(address: str) -> tuple[str, str, dict[str, str]]:
    """Version, path and parameters in what was typed as a path; "" where there is no version in it."""
    text = address.strip()
    text = f"https://{text}" if text.partition("/")[0].lower() == GRAPH_HOST else text
    try:
        parts = urlsplit(text)
        elsewhere = (parts.scheme or parts.netloc) and (
            parts.scheme not in {"http", "https"} or parts.netloc.lower() != GRAPH_HOST
        )
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
    except ValueError:
        parts, elsewhere, query = urlsplit(""), True, {}
    if elsewhere:
        raise InputError(f"This is no address of {GRAPH_HOST}, and nothing is sent elsewhere.", remedy=_PATHS)
    first, _, rest = parts.path.strip("/").partition("/")
    version, path = (first, rest) if re.fullmatch(r"[vV]\d[\d.]*", first) else ("", f"{first}/{rest}")
    return version, path.strip("/"), {name: value for name, value in query.items() if name not in CREDENTIALS}


def _read(text: str) -> dict[str, str]:
    """Parameters from text. Nothing of it is repeated in an error: whoever pastes a token here has not asked to see it."""
    pairs = _of_json(text) if text.lstrip().startswith("{") else _of_lines(text)
    if len(read := dict(pairs)) < len(pairs):
        raise InputError("A parameter is given twice.", remedy="Give each once; several values are joined by commas.")
    return read


def _of_json(text: str) -> list[tuple[str, str]]:
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        raise InputError("The parameters begin as a JSON object and are none.", remedy=_LINES) from None
    return [(name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)) for name, value in told.items()]


def _of_lines(text: str) -> list[tuple[str, str]]:
    lines = [line.partition("=") for line in text.splitlines() if line.strip()]
    for number, (name, mark, _) in enumerate(lines, 1):
        if not mark or not name.strip():
            raise InputError(f"Parameter {number} is not written name=value.", remedy=_LINES)
    return [(name.strip(), value.strip()) for name, _, value in lines]


def _check_no_secret(inquiry: Inquiry) -> None:
    for name in ("path", "method", "version", "fields"):
        if _is_secret(getattr(inquiry, name)):
            raise InputError(f"What looks like a secret stands in the {name}.", remedy=_HIDDEN)
    for name, value in inquiry.parameters.items():
        if name in SECRET_PARAMETERS or _is_secret(name) or _is_secret(value):
            raise InputError(f"The parameter {redact(name)} is a secret, or has one in it.", remedy=_HIDDEN)


def _is_secret(text: str) -> bool:
    """Whether it is a secret, has one in it, or what is left of one that was hidden, which would be sent in its place."""
    return redact(text) != text or text == ELLIPSIS or _HINT.search(text) is not None


def _check_version(version: str) -> None:
    try:
        Settings(version=version)
    except SettingError as wrong:
        raise InputError(f"Graph has no version {version!r}.", remedy=wrong.remedy) from None


def _check_path(path: str, parameters: Mapping[str, str]) -> None:
    if not path and "ids" not in parameters:
        raise InputError("The path is empty.", remedy=_PATHS)
    if re.search(r"[\s\x00-\x1f\x7f?#]|://", path):
        raise InputError("The path has a character in it that no path has.", remedy=_PATHS)
