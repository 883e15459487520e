"""The ledger, `data/answers/*.jsonl`: what the sandbox answers, with the source of each row; and which row an answer is."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache
from typing import Any

from fbnb.errors import GraphError, InputError
from fbnb.resources import folder
from fbnb.tokens import TokenInfo
from fbnb.wire import Exchange

_LIKE = 0.7
CONFIDENCES = ("captured", "documented", "computed", "reported", "assumed")


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the ledger, as far as it says where an answer is known from."""

    id: str
    confidence: str
    source: str
    date: str

    def __repr__(self) -> str:
        return f"{self.confidence}: {self.source}, {self.date} (row {self.id})"


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
    """The row behind an answer: an error that was raised, a TokenInfo, or an Exchange off the wire.

    An Exchange says most, for it also has the path. Raises InputError: no row fits.
    """
    status, body, path = _seen(answer)
    near = [(_near(row, status, body), _shape(row["ask"]["path"]) == _shape(path), row) for row in rows()]
    likeness, _, best = max(near, key=lambda found: found[:2])
    if likeness < _LIKE:
        raise InputError(
            "No row of the ledger fits that.", remedy="Give an Exchange, such as client.wire.last()[0], or an error."
        )
    return Row(best["id"], best["confidence"], best["source"], best["date"])


def _seen(answer: object) -> tuple[int | None, dict[str, Any], str]:
    """Status, body and path, as far as the answer has them."""
    if isinstance(answer, Exchange):
        return answer.status, answer.answer if isinstance(answer.answer, dict) else {}, answer.path
    if isinstance(answer, GraphError):
        told = {"code": answer.code, "error_subcode": answer.subcode, "message": answer.message}
        return answer.status, {"error": told}, ""
    if isinstance(answer, TokenInfo) and answer.error:
        error = answer.error
        return (
            200,
            {"data": {"error": {"code": error.code, "subcode": error.subcode, "message": error.message}}},
            "/v1.0/debug_token",
        )
    raise InputError("That is no answer.", remedy="Give an Exchange, such as client.wire.last()[0], or an error.")


def _near(row: dict[str, Any], status: int | None, body: dict[str, Any]) -> float:
    """How well a row fits, 0 to 1: for a refusal by its numbers, then by its words; else by the names of its fields."""
    if status != row["status"] or not isinstance(row["body"], dict):
        return 0
    told, told_row = _error(body), _error(row["body"])
    if not told and not told_row:
        return float(body.keys() == row["body"].keys())
    numbers = [(one.get("code"), one.get("error_subcode") or one.get("subcode")) for one in (told, told_row)]
    words = [str(one.get("message", "")) for one in (told, told_row)]
    # Which instant, id or name it was makes no other answer of it.
    return SequenceMatcher(None, words[0], words[1], autojunk=False).ratio() if numbers[0] == numbers[1] else 0


def _error(body: dict[str, Any]) -> dict[str, Any]:
    """The error in an answer, or in what debug_token says of a token; empty where all went well."""
    data = body.get("data")
    error = body.get("error") or (data.get("error") if isinstance(data, dict) else None)
    return error if isinstance(error, dict) else {}


def _shape(path: str) -> str:
    return re.sub(r"\{[^}]+\}|\d+|\bme\b", "{id}", re.sub(r"^/v\d+\.\d+", "", path))
