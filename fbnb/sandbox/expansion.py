"""Field expansion: `fields=a,b.limit(5){c,d}` taken apart, and what is asked of one of them made a request of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fbnb.sandbox.messages import Asked

CREDENTIALS = ("access_token", "appsecret_proof", "appsecret_time")
_MODIFIER = re.compile(r"\.(\w+)\(([^()]*)\)")


def fields_of(asked: Asked) -> list[str]:
    """The fields asked for by name, in their order; what is asked of each, and inside it, left out."""
    return [name for name, _ in _parts(asked.get("fields"))]


def inner(asked: Asked, name: str, path: str) -> Asked:
    """The request for what is behind a field: `b.limit(5){c,d}` asks the path for `limit=5&fields=c,d`, as the same caller."""
    outside, _, inside = dict(_parts(asked.get("fields"))).get(name, "").partition("{")
    params = {key: asked.params[key] for key in CREDENTIALS if key in asked.params}
    told = {"fields": inside.rpartition("}")[0]} if inside else {}
    return asked.but(path=path, params=dict(_MODIFIER.findall(outside)) | told | params)


def _parts(text: str) -> Iterator[tuple[str, str]]:
    """Each field's name, and what follows it."""
    for piece in _pieces(text):
        if name := re.split(r"[.({]", piece, maxsplit=1)[0].strip():
            yield name, piece.strip()[len(name) :]


def _pieces(text: str) -> Iterator[str]:
    """The text between the commas that stand outside of all brackets."""
    depth, start = 0, 0
    for at, char in enumerate(text):
        depth += (char in "({") - (char in ")}")
        if char == "," and depth <= 0:
            yield text[start:at]
            start = at + 1
    yield text[start:]
