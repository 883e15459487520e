"""Which stored token came from which: up to the login, and down to everything that hangs on it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec.structs import replace

from fbnb.errors import InputError
from fbnb.store.records import StoredToken

if TYPE_CHECKING:
    from fbnb.store.token_store import TokenStore


def ancestors(store: TokenStore, stored: StoredToken) -> list[StoredToken]:
    """The token and those before it, the first of all first."""
    line, seen = [stored], {stored.fingerprint}
    while (parent := line[-1].parent) and parent not in seen:
        seen.add(parent)
        try:
            line.append(store.find(parent))
        except InputError:  # it was forgotten, or never stored
            break
    return [replace(one, depth=depth) for depth, one in enumerate(reversed(line))]


def descendants(store: TokenStore, stored: StoredToken) -> list[StoredToken]:
    """The token and what was made with it, or with one it replaced: parents before children."""
    chain = [one for one in ancestors(store, stored) if _leads_to(store, one, stored)]
    first = chain[0] if chain else stored
    return list(_below(store, first))


def _leads_to(store: TokenStore, before: StoredToken, after: StoredToken) -> bool:
    """Whether one token is another, or was replaced by it in however many renewals."""
    while before.fingerprint != after.fingerprint and before.successor:
        before = store.find(before.successor)
    return before.fingerprint == after.fingerprint


def _below(store: TokenStore, first: StoredToken) -> Iterator[StoredToken]:
    waiting, seen = [replace(first, depth=0)], set[str]()
    while waiting:
        one = waiting.pop()
        if one.fingerprint in seen:
            continue
        seen.add(one.fingerprint)
        yield one
        children = list(store.children(one))
        waiting += [replace(child, depth=one.depth + 1) for child in reversed(children)]
