"""Which token makes another needless, and takes its place: nobody is to be asked for another when that one ends."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fbnb.store.records import StoredToken, TokenState
from fbnb.tokens import TokenKind

if TYPE_CHECKING:
    from fbnb.store.token_store import TokenStore

_OF_PEOPLE = {TokenKind.USER, TokenKind.PAGE}


def retire(store: TokenStore, new: StoredToken, now: datetime) -> None:
    """Let a token take the place of those that it makes needless."""
    for old in store.tokens(app_id=new.app_id, subject=new.subject):
        if _covers(new, old, now):
            with store.vault.writing() as connection:
                store.replace(connection, old.fingerprint, new.fingerprint)


def give_way(store: TokenStore, ended: Iterable[StoredToken], now: datetime, doubted: Collection[str] = ()) -> set[str]:
    """Let tokens that have ended give way to one that works in the same role and does what they did, where there is one.

    doubted: those that Graph could not be asked about just now, to which none gives way. Returns which did.
    """
    alike, gone = dict[tuple[str, ...], list[StoredToken]](), set[str]()
    for old in ended:
        alike.setdefault(_role(old), []).append(old)
    for those in alike.values():
        working = store.working_like(those[0], now)
        known = [new for new in working if new.state is TokenState.LIVE and new.fingerprint not in doubted]
        pairs = [(old, next((new for new in known if _does_what(old, new)), None)) for old in those]
        if any(new for _, new in pairs):
            with store.vault.writing() as connection:
                for old, new in pairs:
                    if new:
                        store.replace(connection, old.fingerprint, new.fingerprint)
                        gone.add(old.fingerprint)
    return gone


def _role(stored: StoredToken) -> tuple[str, ...]:
    """What two tokens have in common of which one can take the other's place: app, kind, for whom it acts, by whom."""
    return stored.app_id, stored.kind, stored.subject, stored.person


def _covers(new: StoredToken, old: StoredToken, now: datetime) -> bool:
    """Whether a token makes another needless: in the same role it can do as much, as long, or the other works no more."""
    if not new.subject or new.fingerprint == old.fingerprint or _role(new) != _role(old):
        return False
    if not old.works(now):
        return _does_what(old, new)
    return new.kind in _OF_PEOPLE and set(old.scopes) <= set(new.scopes) and _end(old) <= _end(new)


def _does_what(old: StoredToken, new: StoredToken) -> bool:
    """Whether a token is good for all that another of its role was for, which works no more.

    What a person permits an app is the same for all their tokens of it, so what the new one lacks was taken back from the old
    one too. Of a machine each token has permissions of its own, for Pages of its own.
    """
    if old.kind in _OF_PEOPLE:
        return True
    had, has = ({one.scope: one.target_ids for one in stored.granular_scopes} for stored in (old, new))

    def reaches(scope: str) -> bool:
        wanted, there = had.get(scope), has.get(scope)
        return scope in new.scopes and (there is None or (wanted is not None and set(wanted) <= set(there)))

    return bool(old.scopes) and all(map(reaches, old.scopes))


def _end(stored: StoredToken) -> datetime:
    return stored.expires_at if isinstance(stored.expires_at, datetime) else datetime.max.replace(tzinfo=UTC)
