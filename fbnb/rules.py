"""What Graph's errors mean: `data/errors.csv`, read from the top. The first row that fits decides.

The column `by` names the columns that must fit: `subcode`, `words`, `code`, or two of them. A column it does not name, and
`type`, `http_status` and `example`, say what Graph answers. An empty cell falls to the row's cause in `data/causes.csv`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from fbnb.resources import rows


@dataclass(frozen=True, slots=True)
class Told:
    """What an error tells: Graph's numbers (None where not told), its words, and where it was met (free text)."""

    code: int | None = None
    subcode: int | None = None
    words: str = ""
    where: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One row. words, where: patterns. error: a class in errors.py, whose remedy is meant where `remedy` is empty."""

    by: frozenset[str]
    codes: tuple[range, ...]
    subcodes: tuple[range, ...]
    words: re.Pattern[str]
    where: re.Pattern[str]
    error: str
    cause: str
    also: tuple[str, ...]
    retryable: bool
    needs_person: bool
    remedy: str

    def evidence(self, told: Told) -> tuple[str, ...] | None:
        """What in `told` fits this row, in words; None where the row does not fit. Where no code is told, words alone will do."""
        words, place = self.words.search(told.words), self.where.search(told.where)
        fits = {
            "code": _within(told.code, self.codes) or (told.code is None and "words" in self.by),
            "subcode": _within(told.subcode, self.subcodes),
            "words": words is not None,
        }
        if place is None or not all(fits[column] for column in self.by):
            return None
        code = f"code {told.code}" if told.code is not None and self.by != {"words"} else ""
        subcode = f"subcode {told.subcode}" if "subcode" in self.by else ""
        said = _without_gaps(words) if words else ""
        met = f"where: {place.group()}" if place.group() else ""
        return tuple(filter(None, (code, subcode, f'"{said}"' if said else "", met)))


def _without_gaps(found: re.Match[str]) -> str:
    """What a pattern matched, but only the words that stand in the table: what filled a gap may be anyone's secret."""
    text, start = found.group(), found.start()
    for number in reversed(range(1, found.re.groups + 1)):
        if found.start(number) >= 0:
            text = f"{text[: found.start(number) - start]}…{text[found.end(number) - start :]}"
    return text


def _within(number: int | None, ranges: tuple[range, ...]) -> bool:
    return number is not None and any(number in each for each in ranges)


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every row of the table, in its order."""
    causes = {row["cause"]: row for row in rows("causes.csv")}
    return tuple(_rule(row, causes[row["cause"]]) for row in rows("errors.csv"))


def fitting(told: Told) -> Iterator[tuple[Rule, tuple[str, ...]]]:
    """Every rule that fits, and what fits it; the deciding one first. The last row fits anything, so there is always one."""
    for rule in all_rules():
        evidence = rule.evidence(told)
        if evidence is not None:
            yield rule, evidence


def _rule(row: dict[str, str], cause: dict[str, str]) -> Rule:
    told = {column: row[column] or cause[column] for column in ("error", "retryable", "needs_person")}
    return Rule(
        by=frozenset(row["by"].split()),
        codes=_ranges(row["code"]),
        subcodes=_ranges(row["subcode"]),
        words=_pattern(row["words"]),
        where=re.compile(row["where"], re.IGNORECASE),
        error=told["error"],
        cause=row["cause"],
        also=tuple(row["also"].split()),
        retryable=told["retryable"] == "yes",
        needs_person=told["needs_person"] == "yes",
        remedy=row["remedy"],
    )


def _pattern(cell: str) -> re.Pattern[str]:
    """With no group in it but its gaps, such as `.{0,40}` and `\\w+`."""
    ungrouped = re.sub(r"(?<!\\)\((?!\?)", "(?:", cell)
    return re.compile(re.sub(r"\.\{0,\d+\}|\\w\+", r"(\g<0>)", ungrouped), re.IGNORECASE)


def _ranges(cell: str) -> tuple[range, ...]:
    """`190 200-299` as ranges, the ends included."""
    bounds = (re.fullmatch(r"(-?\d+)(?:-(\d+))?", part) for part in cell.split())
    return tuple(range(int(found[1]), int(found[2] or found[1]) + 1) for found in bounds if found)
