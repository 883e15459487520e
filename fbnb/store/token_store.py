"""TokenStore: tokens encrypted at rest, each with what is known of it, where it came from and how it was last found."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from platformdirs import user_data_path
from sqlalchemy import Connection, Select, Table, case, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from fbnb.client import GraphClient
from fbnb.clock import SystemClock
from fbnb.errors import FbnbError, InputError, SettingError, TokenInvalid
from fbnb.redact import Secret
from fbnb.settings import Target
from fbnb.store import admission, kinship
from fbnb.store.database import address
from fbnb.store.findings import checked, died
from fbnb.store.hold import Hold
from fbnb.store.keys import KeySource
from fbnb.store.records import Row, StoredToken, TokenState, new_row, read
from fbnb.store.schema import apps, notices, tokens
from fbnb.store.vault import Vault
from fbnb.tokens import AccessToken, TokenInfo, TokenKind

STRIKES = 2
_CHUNK, _MANY = 1000, 5000
SHOWN = [column for column in tokens.c if column.name != "ciphertext"]
Token = AccessToken | StoredToken | str
"""A token, what the store said of it, or its fingerprint."""


class TokenStore:
    """Tokens of any number of apps, encrypted in a database. Only `get` hands one out.

    place: a file's path, or the URL of a PostgreSQL database; by default FBNB_STORE, else a file in your data folder; for a
    sandbox in this process, whose tokens end with it, a file that ends with the store. client: who asks Graph in `admit`,
    and whose clock is gone by. key: where a new store's key is to be kept, by default the first that there is: the keyring
    of the system, a passphrase (FBNB_STORE_PASSPHRASE, or a prompt), a file beside the database. An old store says itself.
    passphrase: in place of FBNB_STORE_PASSPHRASE. seconds: to wait for another program that is writing.

    Raises StoreError: the place cannot be used. WrongKey: the key is missing, or another one.
    """

    def __init__(
        self,
        place: str | os.PathLike[str] | None = None,
        *,
        client: GraphClient | None = None,
        key: KeySource | str | None = None,
        passphrase: Secret | None = None,
        seconds: float = 30,
    ) -> None:
        if passphrase is not None and not isinstance(passphrase, Secret):
            raise InputError("The passphrase is a plain string.", remedy="Write Secret(...) around it, so that nothing shows it.")
        self.client, self._folder = client, None
        if place is None and not os.environ.get("FBNB_STORE") and client and client.settings.target is Target.SANDBOX:
            self._folder = TemporaryDirectory(prefix="fbnb-")  # gone with the last reference to it
            place, key = Path(self._folder.name) / "tokens.db", key or KeySource.FILE
        url = address(place or os.environ.get("FBNB_STORE") or user_data_path("fbnb") / "tokens.db")
        self.vault = Vault(url, seconds=seconds, source=KeySource(key) if key else None, passphrase=passphrase)

    def __repr__(self) -> str:
        return f"TokenStore({self.vault.place})"

    def __reduce__(self) -> tuple[Any, ...]:
        # What is secret about it, the other process finds in its own environment: a password in PGPASSWORD, a key in its place.
        return _opened, (self.vault.url.set(password=None).render_as_string(),)

    def now(self) -> datetime:
        """The time by the client's clock, else by the system's."""
        return self.client.now() if self.client else SystemClock().now()

    def close(self) -> None:
        """Let go of the database."""
        self.vault.close()

    # Putting in

    def put(
        self,
        token: AccessToken,
        info: TokenInfo | None = None,
        *,
        parent: Token | None = None,
        made_by: str = "",
        app_id: str = "",
    ) -> StoredToken:
        """Store a token as it is, unasked. info: what debug_token said of it. parent, made_by: with what token, and by what
        call, it was made. app_id: by default the client's. A token that is there already keeps what is known of it.
        """
        more = {"parent": _name(parent) if parent else "", "made_by": made_by} | (checked(info, self.now()) if info else {})
        with self.vault.writing() as connection:
            self.insert(connection, [self.row(token, app_id) | more])
        return self.find(token)

    def put_all(self, those: Iterable[AccessToken], *, app_id: str = "") -> int:
        """Store any number of tokens as they are, some thousands at a time; returns how many."""
        left, count = iter(those), 0
        while some := list(islice(left, _MANY)):
            with self.vault.writing() as connection:
                self.insert(connection, [self.row(token, app_id) for token in some])
            count += len(some)
        return count

    def row(self, token: AccessToken, app_id: str = "") -> Row:
        """The whole row of a token, its ciphertext included. Raises InputError: no token, or nobody said of which app."""
        if not isinstance(token, AccessToken) or not token.value:
            raise InputError("That is not an access token.", remedy="Make one of the text with AccessToken.of(...).")
        app = app_id or (self.client.settings.app_id if self.client else "")
        if not app:
            raise InputError("Nobody said which app the token is of.", remedy="Give app_id=, or give the store a client.")
        return new_row(token, app, self.now()) | {"ciphertext": self.vault.seal(token.value)}

    def insert(self, connection: Connection, rows: list[Row]) -> None:
        """Add whole rows. Of one that is there already only the ciphertext, label and origin change, where there are new ones."""
        change = upsert(connection, tokens)
        fresh = change.excluded
        kept: Row = {"ciphertext": fresh.ciphertext}
        for name in {"label", "parent", "made_by"} & rows[0].keys():
            kept[name] = case((fresh[name] != "", fresh[name]), else_=tokens.c[name])
        connection.execute(change.on_conflict_do_update(index_elements=["fingerprint"], set_=kept), rows)

    def admit(
        self,
        token: AccessToken,
        *,
        kind: TokenKind | None = None,
        scopes: Iterable[str] | str = (),
        parent: Token | None = None,
        made_by: str = "",
    ) -> StoredToken:
        """Store a token once Graph has said that it works, is of this app, of this kind, and has these scopes.

        kind, scopes: what it must be; by default any. Nothing is asked that is known already. It takes the place of tokens
        that act for the same and work no more, or, of a person's, can do no more and end no later.
        Raises TokenRefused: what is the matter with it, and what to do. SettingError: the store has no client.
        """
        if self.client is None:
            raise SettingError("This store has nobody to ask Graph.", remedy="Make it with TokenStore(client=client).")
        wanted = admission.Wanted.of(self.client.settings.app_id, kind, scopes)
        known = next(iter(self._found(select(*SHOWN).where(tokens.c.fingerprint == token.fingerprint))), None)
        if known and known.state is TokenState.LIVE and known.works(self.now()):
            wanted.check_stored(known)
            return known
        info = wanted.ask(self.client, token)
        stored = self.put(token.confirmed(info), info, parent=parent, made_by=made_by, app_id=info.app_id)
        stored = self.note(stored, **checked(info, self.now())) if known else stored
        self._retire(stored)
        return stored

    def _retire(self, new: StoredToken) -> None:
        """Let a token take the place of those that it makes needless: nobody is to be asked for another when they end."""
        for old in self.tokens(app_id=new.app_id, subject=new.subject):
            if admission.covers(new, old, self.now()):
                with self.vault.writing() as connection:
                    self.replace(connection, old.fingerprint, new.fingerprint)

    # Looking

    def get(self, token: Token) -> AccessToken:
        """The token itself; of one that was renewed, the one that took its place.

        Raises InputError: there is none. RowDamaged: it is not what was stored.
        """
        query = select(*SHOWN, tokens.c.ciphertext)
        with self.vault.reading() as connection:
            row = connection.execute(query.where(tokens.c.fingerprint == _name(token))).mappings().first()
        if row is None:
            raise _unknown(token)
        if row["successor"]:
            return self.get(row["successor"])
        return self.unsealed(read(row), row["ciphertext"])

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
        name, column = _name(token), tokens.c.fingerprint
        part = 8 <= len(name) < 64
        same = column.startswith(name, autoescape=True) if part else column == name
        found = list(self._found(select(*SHOWN).where(same).limit(2)))
        if len(found) != 1:
            raise _unknown(token) if not found else InputError(f"Several tokens begin with {name}.", remedy="Give more of it.")
        return found[0]

    def tokens(self, *, app_id: str = "", subject: str = "", replaced: bool = False) -> Iterator[StoredToken]:
        """Every stored token, a thousand at a time, by fingerprint. app_id, subject: only of these. replaced: those too that
        a renewal has replaced.
        """
        query = select(*SHOWN)
        for column, value in ((tokens.c.app_id, app_id), (tokens.c.subject, subject)):
            query = query.where(column == value) if value else query
        yield from self._found(query if replaced else query.where(tokens.c.successor == ""))

    def _found(self, query: Select[Any]) -> Iterator[StoredToken]:
        # Page by page, so that a long list holds neither the whole of itself nor a transaction.
        last, ordered = "", query.order_by(tokens.c.fingerprint)
        ordered = ordered if query._limit_clause is not None else ordered.limit(_CHUNK)
        while True:
            with self.vault.reading() as connection:
                rows = connection.execute(ordered.where(tokens.c.fingerprint > last)).mappings().all()
            yield from map(read, rows)
            if len(rows) < _CHUNK:
                return
            last = rows[-1]["fingerprint"]

    def __len__(self) -> int:
        with self.vault.reading() as connection:
            return connection.execute(select(func.count()).select_from(tokens).where(tokens.c.successor == "")).scalar_one()

    def __iter__(self) -> Iterator[StoredToken]:
        return self.tokens()

    def lineage(self, token: Token) -> list[StoredToken]:
        """A token and those it came from, the first of all first; `depth` counts from there. Raises InputError: not here."""
        return kinship.ancestors(self, self.find(token))

    def blast_radius(self, token: Token) -> list[StoredToken]:
        """What hangs on a token, itself first, each below the one it was made with: all of it dies when its login is undone.

        A token and those that replaced it count as one. Raises InputError: not here.
        """
        return kinship.descendants(self, self.find(token))

    # Changing

    def note(self, token: Token, **columns: Any) -> StoredToken:
        """Set some of what is known of a token."""
        with self.vault.writing() as connection:
            self.change(connection, _name(token), **columns)
        return self.find(token)

    def change(self, connection: Connection, fingerprint: str, **columns: Any) -> None:
        """The same, within a transaction."""
        connection.execute(update(tokens).where(tokens.c.fingerprint == fingerprint).values(**columns))

    def replace(self, connection: Connection, old: str, new: str) -> None:
        """Let one token take another's place, within a transaction. Of the old one all is kept but the token itself."""
        self.change(connection, old, successor=new, state=TokenState.REPLACED, ciphertext=None)

    @contextmanager
    def held(self, token: Token) -> Iterator[Hold]:
        """Hold one token fast: whoever else wants to change it waits. Raises InputError: not here. StoreBusy."""
        with self.vault.writing() as connection:
            query = select(*SHOWN).where(tokens.c.fingerprint == _name(token)).with_for_update()  # which SQLite leaves out
            row = connection.execute(query).mappings().first()
            if row is None:
                raise _unknown(token)
            yield Hold(self, connection, read(row))

    def children(self, token: Token) -> Iterator[StoredToken]:
        """The tokens that were made with one."""
        return self._found(select(*SHOWN).where(tokens.c.parent == _name(token)))

    def forget(self, token: Token) -> StoredToken:
        """Delete a token, for good; Graph is not told. Raises InputError: it is not here."""
        stored = self.find(token)
        with self.vault.writing() as connection:
            for table in (tokens, notices):
                connection.execute(delete(table).where(table.c.fingerprint == stored.fingerprint))
        return stored

    def saw(self, error: FbnbError) -> StoredToken | None:
        """Learn from an error that a call with a stored token met. After the second 190 in a row the token counts as dead.

        What passes by itself, such as a rate limit, never counts. Returns the token; None where the error says nothing of one.
        """
        if not isinstance(error, TokenInvalid) or not error.fingerprint:
            return None
        mine = tokens.c.fingerprint == error.fingerprint
        with self.vault.writing() as connection:
            connection.execute(update(tokens).where(mine).values(strikes=tokens.c.strikes + 1))
            struck = connection.execute(select(tokens.c.strikes).where(mine)).scalar()
            if struck is not None and struck >= STRIKES:
                self.change(connection, error.fingerprint, **died(error))
        return self.find(error.fingerprint) if struck is not None else None

    def rotate(self, passphrase: Secret | None = None) -> int:
        """Encrypt every token with a new key and forget the old one; returns how many. passphrase: the new one, if it has one."""
        return self.vault.rotate(passphrase)

    # What a worker in another process needs

    def keep_secret(self, app_id: str, secret: Secret) -> None:
        """Store an app's secret, encrypted, for workers that check tokens elsewhere."""
        with self.vault.writing() as connection:
            change = upsert(connection, apps)
            change = change.on_conflict_do_update(index_elements=["app_id"], set_={"secret": change.excluded.secret})
            connection.execute(change, [{"app_id": app_id, "secret": self.vault.seal(secret)}])

    def secret(self, app_id: str) -> Secret | None:
        """The stored secret of an app."""
        with self.vault.reading() as connection:
            sealed = connection.execute(select(apps.c.secret).where(apps.c.app_id == app_id)).scalar()
        return self.vault.unseal(sealed) if sealed else None


@cache
def _opened(place: str) -> TokenStore:
    """The store at a place, opened once in a process that is sent there many times."""
    return TokenStore(place)


def upsert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An insert that may say what becomes of a row that is there already: each database has its own, in the same words."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def _name(token: Token) -> str:
    return token if isinstance(token, str) else token.fingerprint


def _unknown(token: Token) -> InputError:
    name = _name(token)[:12] if not isinstance(token, str) or token.isalnum() else "of that name"
    return InputError(f"The store has no token {name}.", remedy="Name it by its fingerprint: fbnb tokens list shows them.")
