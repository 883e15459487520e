"""What a request says, however it is encoded: in the query, as a form, in parts, as JSON, or with HTTP Basic."""

from __future__ import annotations

import base64
import binascii
import json
import math
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import Field, FormParser, parse_options_header

_IN_MEMORY = {"MAX_MEMORY_FILE_SIZE": math.inf}


def params_of(query: str, content_type: str, body: bytes) -> dict[str, str]:
    """The parameters of a request, those of the body before those of the query. What cannot be read says nothing."""
    return _form(query) | _of_body(content_type, body)


def _of_body(content_type: str, body: bytes) -> dict[str, str]:
    if not body:
        return {}
    kind, options = parse_options_header(content_type)
    if kind == b"multipart/form-data":
        return _parts(options.get(b"boundary", b""), body)
    return _json(body) if kind == b"application/json" else _form(body.decode(errors="replace"))


def _form(text: str) -> dict[str, str]:
    return dict(parse_qsl(text, keep_blank_values=True))


def _parts(boundary: bytes, body: bytes) -> dict[str, str]:
    """The texts among the parts; a file that is sent along has nothing to say here."""
    told = dict[str, str]()

    def field(part: Field) -> None:
        told[_decoded(part.field_name)] = _decoded(part.value)

    try:
        parser = FormParser("multipart/form-data", field, lambda file: None, boundary=boundary, config=_IN_MEMORY)
        parser.write(body)
        parser.finalize()
    except FormParserError:
        return {}
    return told


def _decoded(text: bytes | None) -> str:
    return (text or b"").decode(errors="replace")


def _json(body: bytes) -> dict[str, str]:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return {_text(name): _text(value) for name, value in told.items() if value is not None} if isinstance(told, dict) else {}


def _text(value: Any) -> str:
    # A JSON string can hold half a character, which no encoding takes.
    text = value if isinstance(value, str) else json.dumps(value)
    return text.encode(errors="replace").decode()


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
