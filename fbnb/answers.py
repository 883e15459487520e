"""What came back, made sense of: Graph's JSON, Graph's refusal as an error, or something that is not Graph's at all."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fbnb.errors import FbnbError, UnreadableAnswer, graph_error


@dataclass(frozen=True, slots=True)
class Raw:
    """Status, headers (names in lower case) and the bytes of the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    def text(self) -> str:
        return self.body.decode("utf-8", errors="replace")

    def value(self) -> Any:
        """The decoded JSON, or the text where it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return self.text()


def understood(raw: Raw, known: Iterable[str] = ()) -> dict[str, Any] | FbnbError:
    """Graph's answer as a dict, or the error it amounts to. A bare `true`, as older calls answer, becomes {"success": True}."""
    if 300 <= raw.status < 400:
        return UnreadableAnswer(
            f"HTTP {raw.status} sends the call elsewhere; redirects are not followed, a token would go along."
        )
    value = raw.value()
    if isinstance(value, dict):
        return graph_error(raw.status, value, known) if "error" in value else value
    if isinstance(value, bool):
        return {"success": value}
    return UnreadableAnswer(_what_it_is(raw))


def part(answer: dict[str, Any], name: str) -> Any:
    """One field of an answer. Raises UnreadableAnswer: it is not there."""
    if name not in answer:
        raise UnreadableAnswer(f"Graph's answer has no {name}; it has {', '.join(answer) or 'nothing'}.")
    return answer[name]


def _what_it_is(raw: Raw) -> str:
    text = raw.text().strip()
    if not text:
        return f"HTTP {raw.status} came back with an empty body."
    if text[0] == "<":
        return f"HTTP {raw.status} came back as an HTML page, not as Graph's JSON."
    if text[0] in "{[" and isinstance(raw.value(), str):
        return f"HTTP {raw.status} came back cut off: its JSON breaks off after {len(raw.body)} bytes."
    return f"HTTP {raw.status} came back as {raw.headers.get('content-type', 'text')}, not as Graph's JSON."
