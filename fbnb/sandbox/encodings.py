"""What a request says, however it is encoded: in the query, as a form, in parts, as JSON, or with HTTP Basic."""

from __future__ import annotations

import base64
import binascii
import math
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote_plus

import msgspec

if TYPE_CHECKING:
    from python_multipart.multipart import Field

_IN_MEMORY = {"MAX_MEMORY_FILE_SIZE": math.inf}


def params_of(query: str, content_type: str, body: bytes) -> dict[str, str]:
    """The parameters of a request, those of the body before those of the query. What cannot be read says nothing."""
    return _form(query) | _of_body(content_type, body)


def _of_body(content_type: str, body: bytes) -> dict[str, str]:
    if not body:
        return {}
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return _parts(content_type, body)
    return _json(body) if kind == "application/json" else _form(body.decode(errors="replace"))


def _form(text: str) -> dict[str, str]:
    return dict(parse_qsl(text, keep_blank_values=True))


def _parts(content_type: str, body: bytes) -> dict[str, str]:
    """The texts among the parts; a file that is sent along has nothing to say here."""
    from python_multipart.exceptions import FormParserError  # seldom needed, and so not loaded before
    from python_multipart.multipart import FormParser, parse_options_header

    told = dict[str, str]()

    def field(part: Field) -> None:
        told[_decoded(part.field_name)] = _decoded(part.value)

    try:
        boundary = parse_options_header(content_type)[1].get(b"boundary", b"")
        parser = FormParser("multipart/form-data", field, lambda file: None, boundary=boundary, config=_IN_MEMORY)
        parser.write(body)
        parser.finalize()
    except FormParserError:
        return {}
    return told


def _decoded(text: bytes | None) -> str:
    return (text or b"").decode(errors="replace")


def _json(body: bytes) -> dict[str, str]:
    told = from_json(body)
    try:
        return {name: _text(value) for name, value in told.items() if value is not None} if isinstance(told, dict) else {}
    except RecursionError:  # what can be read just so cannot be written
        return {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def from_json(text: str | bytes) -> Any:
    """What a text says in JSON; None where it is none. As for Graph, one with half of a character in it is none."""
    try:
        return msgspec.json.decode(text)
    except (ValueError, RecursionError):
        return None


def basic(authorization: str) -> dict[str, str]:
    """The client's credentials in an `Authorization: Basic` header, as parameters; none where there is no such header."""
    scheme, _, coded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return {}
    try:
        name, _, secret = base64.b64decode(coded, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return {}
    return {"client_id": unquote_plus(name), "client_secret": unquote_plus(secret)}
