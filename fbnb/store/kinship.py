"""Which stored token came from which: up to the login, and down to everything that hangs on it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from msgspec.structs import replace

from fbnb.errors import InputError, RowDamaged
from fbnb.store.records import StoredToken, damaged_row

if TYPE_CHECKING:
    from fbnb.store.inventory import Inventory


def ancestors(store: Inventory, stored: StoredToken) -> list[StoredToken]:
    """The token and those before it, the first of all first."""
    line, seen = [stored], {stored.fingerprint}
    while (parent := line[-1].parent) and parent not in seen:
        seen.add(parent)
        try:
            line.append(store.find(parent))
        except InputError:  # it was forgotten, or never stored
            break
        except RowDamaged:
            line.append(damaged_row(parent))
    return [replace(one, depth=depth) for depth, one in enumerate(reversed(line))]


def descendants(store: Inventory, stored: StoredToken) -> list[StoredToken]:
    """The token and what was made with it, or with one that it replaced or that replaced it: parents before children."""
    same = _same(store, stored)
    first = [one for one in same.values() if one.parent not in same] or [stored]
    waiting = [replace(one, depth=0) for one in reversed(first)]
    below, seen = list[StoredToken](), set[str]()
    while waiting:
        one = waiting.pop()
        if one.fingerprint in seen:
            continue
        seen.add(one.fingerprint)
        below.append(one)
        waiting += [replace(child, depth=one.depth + 1) for child in reversed(list(store.children(one)))]
    return below


def _same(store: Inventory, stored: StoredToken) -> dict[str, StoredToken]:
    """A token, those whose place it took and those that took its own, by fingerprint, as they came."""
    same, waiting = dict[str, StoredToken](), [stored]
    while waiting:
        one = waiting.pop()
        if one.fingerprint not in same:
            same[one.fingerprint] = one
            waiting += store.replaced_by(one)
            with suppress(InputError, RowDamaged):
                waiting += [store.find(one.successor)] if one.successor else []
    return dict(sorted(same.items(), key=lambda item: (item[1].obtained, item[0])))
