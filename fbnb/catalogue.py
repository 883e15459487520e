"""What permissions and tasks exist, from the tables in `data/`; and which one a misspelt name probably meant."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from fbnb.errors import ScopeUnknown
from fbnb.resources import rows

_OF_TIME = ("its time runs out; ", ", its 60 days pass")  # in `kinds.csv`, and no end of a token that has none


@dataclass(frozen=True, slots=True)
class PermissionFacts:
    """A permission: what it unlocks, which others it needs, whether it concerns Pages and whether a system user can have it.

    outlives_data_access: whether it goes on when the 90 days of access to the person's own data are over.
    """

    name: str
    unlocks: str
    needs: tuple[str, ...]
    for_pages: bool
    for_system_users: bool
    outlives_data_access: bool


@cache
def permissions() -> dict[str, PermissionFacts]:
    """Every permission the kit knows, by name. Source: Meta, "Permissions Reference"."""
    return {
        row["permission"]: PermissionFacts(
            row["permission"],
            row["unlocks"],
            tuple(row["needs"].split()),
            for_pages=row["granular"] == "pages",
            for_system_users=row["system_users"] == "yes",
            outlives_data_access=row["outlives_data_access"] == "yes",
        )
        for row in rows("permissions.csv")
    }


@cache
def lasting_permissions() -> frozenset[str]:
    """The permissions that go on when access to the person's own data is over."""
    return frozenset(name for name, facts in permissions().items() if facts.outlives_data_access)


@cache
def tasks() -> dict[str, str]:
    """All 27 tasks a person can hold on a Page, each with what it allows."""
    return {row["task"]: row["allows"] for row in rows("tasks.csv")}


def tasks_in_use(held: Iterable[Iterable[str] | None]) -> list[str]:
    """Of all tasks those that someone has, in the order of `tasks()`; those it does not know come last. held: of each Page."""
    everything = {task for some in held for task in some or ()}
    return [task for task in tasks() if task in everything] + sorted(everything - set(tasks()))


@cache
def roles() -> dict[str, tuple[str, ...]]:
    """The roles a person can have on a Page, each with its tasks."""
    return {row["role"]: tuple(row["tasks"].split()) for row in rows("roles.csv")}


def scope_list(scopes: Iterable[str] | str) -> tuple[str, ...]:
    """Scopes given as a list or as one comma- or space-separated string, without repeats.

    Raises ScopeUnknown: one is not a permission's name but close to one. A name like no other is left for Graph to judge,
    whose list may be newer than ours.
    """
    given = re.split(r"[,\s]+", scopes) if isinstance(scopes, str) else list(scopes)
    wanted = tuple(dict.fromkeys(scope for scope in given if scope))
    for scope in wanted:
        _check(scope)
    return wanted


def _check(scope: str) -> None:
    known = permissions()
    if scope in known:
        return
    close = difflib.get_close_matches(scope.lower(), known, n=3, cutoff=0.75)
    if close or not re.fullmatch(r"[a-z][a-z0-9_:]+", scope):
        kin = sorted({name for name in known if set(name.split("_")) & set(scope.lower().split("_"))} - set(close))[:6]
        meant = f"Did you mean {close[0]}?" if close else ""
        others = f"Others are {', '.join([*close[1:], *kin])}." if close[1:] or kin else ""
        everything = "fbnb.permissions() lists all."
        raise ScopeUnknown(f"There is no permission {scope!r}.", remedy=" ".join(filter(None, (meant, others, everything))))


def flows() -> tuple[dict[str, str], ...]:
    """Every token flow: its notebook, the question it answers, what one starts with and what one gets."""
    return rows("flows.csv")


def kinds() -> tuple[dict[str, str], ...]:
    """The five kinds of token, each with who it acts for, how it is got, how long it lives and how it dies."""
    return rows("kinds.csv")


def dies_when(kind: Mapping[str, str], *, ends: bool) -> str:
    """How a token of a kind, a row of `kinds()`, dies. ends: whether it has an end of its own."""
    words = kind["dies when"]
    for part in () if ends else _OF_TIME:
        words = words.replace(part, "")
    return words
