"""What a store holds, to look at and to take out: found by a name, by whose it is, or by what it came from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Select, bindparam, func, or_, select

from fbnb.errors import InputError
from fbnb.store import kinship
from fbnb.store.records import FIELDS, StoredToken, TokenState, epoch, read, read_or_name
from fbnb.store.schema import tokens
from fbnb.store.vault import Vault
from fbnb.tokens import AccessToken

_CHUNK = 1000
SHOWN = [tokens.c[name] for name in FIELDS]
Token = AccessToken | StoredToken | str
"""A token, what the store said of it, or its fingerprint."""

# An audit asks these of each token, so they are put together once.
_ROLE = ("app_id", "kind", "subject", "person")
BY_NAME = select(*SHOWN).where(tokens.c.fingerprint == bindparam("name"))
_WORKING_LIKE = (
    select(*SHOWN)
    .where(*(tokens.c[name] == bindparam(name) for name in _ROLE), tokens.c.subject != "", tokens.c.successor == "")
    .where(tokens.c.state.in_([TokenState.LIVE, TokenState.UNCHECKED]))
    .where(or_(tokens.c.expires_at.is_(None), tokens.c.expires_at == 0, tokens.c.expires_at > bindparam("now")))
    .limit(_CHUNK)
)


class Inventory:
    """The tokens in a vault. Only `get` hands one out."""

    vault: Vault

    def get(self, token: Token) -> AccessToken:
        """The token itself; of one that was renewed, the one that took its place.

        Raises InputError: there is none. RowDamaged: it is not what was stored.
        """
        token = self._fingerprint(token)
        with self.vault.reading() as connection:
            row = connection.execute(select(*SHOWN, tokens.c.ciphertext).where(tokens.c.fingerprint == token)).first()
        if row is None:
            raise unknown(token)
        stored = read(row[:-1])
        return self.get(self.latest(stored.successor)) if stored.successor else self.unsealed(stored, row[-1])

    def unsealed(self, stored: StoredToken, ciphertext: bytes) -> AccessToken:
        """The token in a row. Raises RowDamaged."""
        return AccessToken(
            self.vault.unseal(ciphertext, stored.fingerprint),
            stored.kind,
            stored.label,
            stored.issued_at,
            stored.expires_at,
            stored.data_access_until,
            stored.subject,
        )

    def find(self, token: Token) -> StoredToken:
        """What is known of one token. Raises InputError: it is not here, or several begin like that.

        token: the beginning of a fingerprint will do, if it is eight characters or more.
        """
        token = self._fingerprint(token)
        with self.vault.reading() as connection:
            stored = found_in(connection, token)
        if stored is None:
            raise unknown(token)
        return stored

    def latest(self, token: Token) -> StoredToken:
        """What is known of the last of those that took a token's place, or of itself. Raises InputError, as `find`."""
        token = self._fingerprint(token)
        stored = self.find(token)
        while stored.successor:
            stored = self.find(stored.successor)
        return stored

    def _fingerprint(self, token: Token) -> str:
        """The whole fingerprint that is meant, by its beginning too; "" for what is none. Raises InputError, as `find`."""
        name, column = named(token), tokens.c.fingerprint
        if len(name) in {0, 64}:
            return name
        with self.vault.reading() as connection:
            found: list[str] = list(connection.execute(select(column).where(column.startswith(name)).limit(2)).scalars())
        if not found:
            raise unknown(name)
        if len(found) > 1:
            raise InputError(f"Several tokens begin with {name}.", remedy="Give more of it.")
        return found[0]

    def tokens(self, *, app_id: str = "", subject: str = "", replaced: bool = False) -> Iterator[StoredToken]:
        """Every stored token, a thousand at a time, by fingerprint. app_id, subject: only of these. replaced: those too that
        a renewal has replaced. One whose row cannot be read is there by its fingerprint alone, and called a damaged row.
        """
        query = select(*SHOWN)
        for column, value in ((tokens.c.app_id, app_id), (tokens.c.subject, subject)):
            query = query.where(column == value) if value else query
        yield from self._found(query if replaced else query.where(tokens.c.successor == ""))

    def _found(self, query: Select[Any]) -> Iterator[StoredToken]:
        # Page by page, so that a long list holds neither the whole of itself nor a transaction.
        last, ordered = "", query.order_by(tokens.c.fingerprint).limit(_CHUNK)
        while True:
            with self.vault.reading() as connection:
                rows = connection.execute(ordered.where(tokens.c.fingerprint > last)).all()
            yield from map(read_or_name, rows)
            if len(rows) < _CHUNK:
                return
            last = rows[-1][0]

    def working_like(self, old: StoredToken, now: datetime) -> list[StoredToken]:
        """The tokens of the same app, kind, subject and person that work at an instant; of very many a thousand."""
        role = {name: getattr(old, name) for name in _ROLE}
        with self.vault.reading() as connection:
            rows = connection.execute(_WORKING_LIKE, role | {"now": epoch(now)}).all()
        return [stored for stored in map(read_or_name, rows) if stored.subject]  # which a row that cannot be read has not

    def __len__(self) -> int:
        with self.vault.reading() as connection:
            return connection.execute(select(func.count()).select_from(tokens).where(tokens.c.successor == "")).scalar_one()

    def __iter__(self) -> Iterator[StoredToken]:
        return self.tokens()

    def lineage(self, token: Token) -> list[StoredToken]:
        """A token and those it came from, the first of all first; `depth` counts from there. Raises InputError: not here."""
        token = self._fingerprint(token)
        return kinship.ancestors(self, self.find(token))

    def blast_radius(self, token: Token) -> list[StoredToken]:
        """A token and what hangs on it, each below the one it was made with: all of it dies when its login is undone.

        A token and those that replaced it count as one. Raises InputError: not here.
        """
        token = self._fingerprint(token)
        return kinship.descendants(self, self.find(token))

    def children(self, token: Token) -> Iterator[StoredToken]:
        """The tokens that were made with one."""
        return self._that_name(tokens.c.parent, token)

    def replaced_by(self, token: Token) -> Iterator[StoredToken]:
        """The tokens whose place one took."""
        return self._that_name(tokens.c.successor, token)

    def _that_name(self, column: Column[str], token: Token) -> Iterator[StoredToken]:
        return self._found(select(*SHOWN).where(column == self._fingerprint(token), column != ""))


def named(token: Token) -> str:
    """The fingerprint that is meant, or the beginning of one; "" for what is none.

    Whoever is told a token by name goes on with this alone: a token that was pasted there stands in none of our frames.
    """
    if isinstance(token, AccessToken | StoredToken):
        return token.fingerprint
    return token.lower() if isinstance(token, str) and re.fullmatch("[0-9a-fA-F]{8,64}", token) else ""


def found_in(connection: Connection, fingerprint: str) -> StoredToken | None:
    row = connection.execute(BY_NAME, {"name": fingerprint}).first()
    return None if row is None else read(row)


def unknown(name: str) -> InputError:
    return InputError(
        f"The store has no token {name[:12] or 'of that name'}.",
        remedy="Name it by its fingerprint, or eight characters of it: fbnb tokens list shows them.",
    )
