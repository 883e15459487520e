"""What came back, made sense of: Graph's JSON, Graph's refusal as an error, or something that is not Graph's at all."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar, cast

import msgspec

from fbnb.errors import FbnbError, GraphError, TemporaryFailure, TokenInvalid, UnreadableAnswer, graph_error
from fbnb.redact import Known, sealed

P = TypeVar("P")


@dataclass(frozen=True)
class Raw:
    """Status, headers (names in lower case) and the bytes of the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    def text(self) -> str:
        return self.body.decode("utf-8", errors="replace")

    @cached_property
    def value(self) -> Any:
        """The decoded JSON, or the text where it is none."""
        for decode in (msgspec.json.decode, json.loads):  # the first is quick; the other takes half a letter, and NaN
            with suppress(ValueError, RecursionError):
                return decode(self.body)
        return self.text()

    @property
    def broken(self) -> str:
        """What is wrong with a body that is empty, an HTML page, or JSON that breaks off; "" for any other."""
        text = self.text().strip()
        if not text:
            return "with an empty body"
        if text[0] == "<":
            return "as an HTML page, not as Graph's JSON"
        cut = text[0] in "{[" and isinstance(self.value, str)
        return f"cut off: its JSON breaks off after {len(self.body)} bytes" if cut else ""


def understood(raw: Raw, known: Iterable[str] = ()) -> dict[str, Any] | FbnbError:
    """Graph's answer as a dict, or the error it amounts to. A bare `true`, as older calls answer, becomes {"success": True}.

    Tokens and whatever else is secret in it are Secrets: an answer can be looked at without showing them.
    """
    if 300 <= raw.status < 400:
        return UnreadableAnswer(
            f"HTTP {raw.status} sends the call elsewhere; redirects are not followed, a token would go along."
        )
    value = raw.value
    if isinstance(value, dict):
        return graph_error(raw.status, value, known) if "error" in value else cast("dict[str, Any]", sealed(value, known))
    if isinstance(value, bool):
        return {"success": value}
    came = raw.broken or f"as {raw.headers.get('content-type', 'text')}, not as Graph's JSON"
    return UnreadableAnswer(f"HTTP {raw.status} came back {came}.")


def understood_batch(raw: Raw, known: Iterable[str] = ()) -> dict[str, Any] | FbnbError:
    """The list that a batch is answered with, as {"data": [...]}, each item understood on its own; else as any answer."""
    value, known = raw.value, Known(known)
    if raw.status != 200 or not isinstance(value, list):
        return understood(raw, known)
    try:
        return {"data": [None if item is None else understood(_item(item), known) for item in value]}
    except (KeyError, TypeError, ValueError, AttributeError):
        return UnreadableAnswer("A batch's answer is not of the shape that Graph documents.")


def _item(item: Any) -> Raw:
    headers = {str(header["name"]).lower(): str(header["value"]) for header in item.get("headers", ())}
    return Raw(int(item["code"]), headers, item["body"].encode())


def passing(raw: Raw, told: object) -> bool:
    """Whether the same call may well succeed in a moment: Graph says so, or what came is a page of error or cut off."""
    if isinstance(told, UnreadableAnswer):
        return raw.status >= 500 or bool(raw.broken)
    if not isinstance(told, GraphError) or isinstance(told, TokenInvalid):
        return False
    return isinstance(told, TemporaryFailure) or _is_transient(raw.value["error"])


def _is_transient(error: object) -> bool:
    return isinstance(error, dict) and error.get("is_transient") is True


def part(answer: Any, name: str, kind: type[P]) -> P:
    """One field of an answer. Raises UnreadableAnswer: it is not there, or of another type."""
    value = answer.get(name) if isinstance(answer, dict) else None
    if not isinstance(value, kind):
        has = ", ".join(map(str, answer)) if isinstance(answer, dict) else type(answer).__name__
        raise UnreadableAnswer(f"Graph's answer has no {name} that could be used; it has {has or 'nothing'}.")
    return value


@contextmanager
def read() -> Iterator[None]:
    """Around code that takes an answer apart. Raises UnreadableAnswer: it is not of the shape that Graph documents."""
    problem = None
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, OSError) as odd:
        problem = UnreadableAnswer(f"Graph's answer is not of the shape it documents ({type(odd).__name__}).")
    if problem:
        raise problem
