"""The ledger, `data/answers/*.jsonl`: what the sandbox answers, with the source of each row; and which row an answer is."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import cache
from typing import Any

from fbnb.errors import GraphError, InputError
from fbnb.resources import folder
from fbnb.sandbox.messages import GRAPH_HOST
from fbnb.tokens import TokenInfo
from fbnb.wire import Exchange

CONFIDENCES = {
    "captured": "a real answer of Graph, kept in public",
    "documented": "Meta's pages say so",
    "computed": "worked out from those",
    "reported": "somebody who met it says so",
    "assumed": "nobody says: a choice of this sandbox",
}
_LIKE = 0.5  # of a refusal's words: those that name an instant, a permission or an app are others each time


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the ledger, as far as it says where an answer is known from."""

    id: str
    confidence: str
    source: str
    date: str

    def __repr__(self) -> str:
        return f"{self.confidence}: {self.source}, {self.date} (row {self.id})"


@dataclass(frozen=True, slots=True)
class _Answer:
    """What is compared. numbers: status, code, subcode. call: host and path without ids, "" where not known.

    said, asked: the words of the answer (of an error the message alone) and of the request.
    """

    numbers: tuple[object, ...]
    said: frozenset[str]
    call: str = ""
    asked: frozenset[str] = frozenset()

    def fits(self, seen: _Answer) -> bool:
        """Whether what was seen may be this answer: a refusal by its words, whatever was called, else by the call."""
        if self.numbers != seen.numbers:
            return False
        if not self.numbers[1]:
            return self.call == seen.call
        return not self.said or _alike(self.said, seen.said) >= _LIKE  # where no words are known, the row has none

    def likeness(self, seen: _Answer) -> tuple[bool, float]:
        return self.call == seen.call, _alike(self.said, seen.said) + _alike(self.asked, seen.asked)


@cache
def rows() -> tuple[dict[str, Any], ...]:
    """Every row of every file, in order."""
    files = sorted((folder("data") / "answers").glob("*.jsonl"))
    return tuple(json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines())


def counts() -> dict[str, int]:
    """How many rows are known how well, the best known first."""
    found = Counter(row["confidence"] for row in rows())
    return {confidence: found[confidence] for confidence in CONFIDENCES}


def why(answer: object) -> Row:
    """The row behind an answer: a GraphError that was raised, a TokenInfo, or an Exchange off the wire.

    An Exchange says most, for it has the request too. What had happened before is in none of them; of rows that differ in
    nothing else, the best known is taken. Raises InputError: no row fits.
    """
    seen = _seen(answer)
    fitting = [(row, written) for row, written in zip(rows(), _written(), strict=True) if written.fits(seen)]
    if not fitting:
        raise InputError("No row of the ledger fits that.", remedy="It is no answer of the sandbox, or one without a row yet.")
    known = list(CONFIDENCES)
    best = max(fitting, key=lambda found: (*found[1].likeness(seen), -known.index(found[0]["confidence"])))[0]
    return Row(best["id"], best["confidence"], best["source"], best["date"])


def _seen(answer: object) -> _Answer:
    if isinstance(answer, Exchange):
        asked = {"host": answer.host, "path": answer.path, "method": answer.method, "params": dict(answer.params)}
        return _answer(answer.status, answer.answer or answer.headers.get("location"), asked)
    if isinstance(answer, GraphError):
        return _answer(answer.status, {"error": {"message": answer.message, "code": answer.code, "subcode": answer.subcode}})
    if isinstance(answer, TokenInfo):
        told = {field.name: getattr(answer, field.name) for field in fields(answer) if field.name != "error"}
        told |= {"error": asdict(answer.error)} if answer.error else {}
        return _answer(200, {"data": {name: value for name, value in told.items() if value}}, {"path": "/debug_token"})
    remedy = "Give an Exchange, such as client.wire.last()[0], a GraphError or a TokenInfo."
    raise InputError("That is no answer of Graph's.", remedy=remedy)


@cache
def _written() -> tuple[_Answer, ...]:
    """Every row, to be compared."""
    return tuple(_answer(row["status"], row["body"] or row["headers"].get("location"), row["ask"]) for row in rows())


def _answer(status: int | None, body: Any, asked: Mapping[str, Any] | None = None) -> _Answer:
    error = _error(body)
    numbers = status, error.get("code"), error.get("error_subcode") or error.get("subcode")
    said = _words(error.get("message", "") if error else body)
    if asked is None:
        return _Answer(numbers, said)
    call = asked.get("host", GRAPH_HOST) + _call(asked["path"])
    return _Answer(numbers, said, call, _words([asked.get("method", "GET"), asked.get("params")]))


def _error(body: Any) -> dict[str, Any]:
    """The error in an answer, or in what debug_token says of a token; empty where all went well."""
    body = body if isinstance(body, dict) else {}
    data = body.get("data")
    error = body.get("error") or (data.get("error") if isinstance(data, dict) else None)
    return error if isinstance(error, dict) else {}


def _call(path: str) -> str:
    """The path without its version, and without ids."""
    return re.sub(r"\{[^}]+\}|\d+|\bme\b", "*", re.sub(r"^/v\d+\.\d+", "", path))


def _words(value: Any) -> frozenset[str]:
    """The words in it; without what is another in each run: numbers, secrets, and what stands for either in a row."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return frozenset(re.findall(r"[A-Za-z_]+", re.sub(r"\{[^{}\"]+\}|<any>|\S*…\S*", "", text)))


def _alike(one: frozenset[str], other: frozenset[str]) -> float:
    """How much of two sets of words is in both, 0 to 1."""
    return len(one & other) / (len(one | other) or 1)
