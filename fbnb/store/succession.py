"""Which token makes another needless, and takes its place: nobody is to be asked for another when that one ends."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fbnb.store.records import StoredToken
from fbnb.tokens import TokenKind

if TYPE_CHECKING:
    from fbnb.store.token_store import TokenStore


def retire(store: TokenStore, new: StoredToken, now: datetime) -> None:
    """Let a token take the place of those that it makes needless."""
    for old in store.tokens(app_id=new.app_id, subject=new.subject):
        if _covers(new, old, now):
            with store.vault.writing() as connection:
                store.replace(connection, old.fingerprint, new.fingerprint)


def give_way(store: TokenStore, ended: Iterable[StoredToken], now: datetime) -> set[str]:
    """Let tokens that have ended give way to one that works in the same role, where there is one; returns which did."""
    alike, gone = dict[tuple[str, ...], list[StoredToken]](), set[str]()
    for old in ended:
        alike.setdefault(_role(old), []).append(old)
    for those in alike.values():
        if new := store.working_like(those[0], now):
            with store.vault.writing() as connection:
                for old in those:
                    store.replace(connection, old.fingerprint, new)
            gone.update(old.fingerprint for old in those)
    return gone


def _role(stored: StoredToken) -> tuple[str, ...]:
    """What two tokens have in common of which one can take the other's place: app, kind, for whom it acts, by whom."""
    return stored.app_id, stored.kind, stored.subject, stored.person


def _covers(new: StoredToken, old: StoredToken, now: datetime) -> bool:
    """Whether a token makes another needless: in the same role it can do as much, as long, or the other works no more."""
    if not new.subject or new.fingerprint == old.fingerprint or _role(new) != _role(old):
        return False
    of_people = new.kind in {TokenKind.USER, TokenKind.PAGE}
    return not old.works(now) or (of_people and set(old.scopes) <= set(new.scopes) and _end(old) <= _end(new))


def _end(stored: StoredToken) -> datetime:
    return stored.expires_at if isinstance(stored.expires_at, datetime) else datetime.max.replace(tzinfo=UTC)
