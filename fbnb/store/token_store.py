"""TokenStore: tokens encrypted at rest, each with what is known of it, where it came from and how it was last found."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import cache
from itertools import islice
from operator import itemgetter
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any

from platformdirs import user_data_path
from sqlalchemy import ColumnElement, Connection, Table, case, delete, func, literal, literal_column, select, update
from sqlalchemy.dialects import postgresql, sqlite

from fbnb.client import GraphClient
from fbnb.clock import SystemClock
from fbnb.errors import FbnbError, InputError, RowDamaged, SettingError, TokenInvalid
from fbnb.redact import Secret
from fbnb.settings import Target, variable
from fbnb.store import admission, succession
from fbnb.store.address import address
from fbnb.store.database import run_many
from fbnb.store.findings import checked, died
from fbnb.store.hold import Hold
from fbnb.store.inventory import BY_NAME, Inventory, Token, found_in, unknown
from fbnb.store.keys import KeySource
from fbnb.store.records import (
    FIELDS,
    Row,
    StoredToken,
    TokenState,
    as_stored,
    clean,
    damaged_row,
    new_row,
    read,
)
from fbnb.store.schema import apps, notices, tokens
from fbnb.store.vault import Vault
from fbnb.tokens import AccessToken, TokenInfo, TokenKind

STRIKES = 2
_MANY = 5000


class TokenStore(Inventory):
    """Tokens of any number of apps, encrypted in a database. Only `get` hands one out.

    place: a file's path, or the URL of a PostgreSQL database; by default FBNB_STORE, else a file in your data folder; with a
    client of a sandbox in this process, whose tokens end with it, a file that ends with the store. client: who asks Graph in
    `admit`, and whose clock is gone by. key: where a new store's key is to be kept, by default the first that there is: the
    keyring of the system, a passphrase (FBNB_STORE_PASSPHRASE, or a prompt), a file beside the database. An old store says.
    passphrase: in place of FBNB_STORE_PASSPHRASE. seconds: to wait for another program that is writing. make: begin a store
    where there is none.

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
        make: bool = True,
    ) -> None:
        if passphrase is not None and not isinstance(passphrase, Secret):
            del passphrase
            raise _plain_passphrase()
        self.client = client
        passing = place is None and bool(client and client.settings.target is Target.SANDBOX)
        if passing:  # the sandbox's tokens are no business of FBNB_STORE
            place, key = Path(mkdtemp(prefix="fbnb-")) / "tokens.db", key or KeySource.FILE
            weakref.finalize(self, _remove, place.parent, os.getpid())
        place = variable("FBNB_STORE").reveal() or None if place is None else place
        vault = _vault(place, key, passphrase, seconds, make)
        del place  # its URL may have a password in it
        if isinstance(vault, FbnbError):
            raise vault
        self.vault = vault
        if passing:
            vault.forgo_the_disk()

    def __repr__(self) -> str:
        return f"TokenStore({self.vault.place})"

    def __reduce__(self) -> tuple[Any, ...]:
        return opened, (self.place,)

    @property
    def place(self) -> str:
        """Where it is, for another process: without the password, which that finds in its own PGPASSWORD or ~/.pgpass."""
        return self.vault.url._replace(password=None).render_as_string()

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
        parent = self._origin(parent)
        if parent is None:
            raise unknown("")
        if not _is_token(token):
            del token  # it may be a pasted one
            raise _no_token()
        found = checked(info, self.now()) if info else {}
        found |= {"app_id": info.app_id} if info and info.app_id else {}
        row = self.row(token, app_id or found.get("app_id", "")) | {"parent": parent, "made_by": clean(made_by)}
        with self.vault.writing() as connection:
            self.insert(connection, [row])
            return self._learn(connection, token.fingerprint, found)

    def _origin(self, parent: Token | None) -> str | None:
        """The fingerprint of a parent; "" where there is none, None for what is no name of one."""
        return self._fingerprint(parent) or None if parent else ""

    def put_all(self, those: Iterable[AccessToken], *, app_id: str = "") -> int:
        """Store any number of tokens as they are, some thousands at a time; returns how many."""
        left, count = iter(those), 0
        while some := list(islice(left, _MANY)):
            if not all(map(_is_token, some)):
                del those, left, some  # as in `put`
                raise _no_token()
            with self.vault.writing() as connection:
                # In the order in which they lie there.
                self.insert(connection, sorted((self.row(token, app_id) for token in some), key=itemgetter("fingerprint")))
            count += len(some)
        return count

    def row(self, token: AccessToken, app_id: str = "") -> Row:
        """The whole row of a token, its ciphertext included. Raises InputError: nobody said of which app."""
        app = app_id or (self.client.settings.app_id if self.client else "")
        if not app:
            raise InputError("Nobody said which app the token is of.", remedy="Give app_id=, or give the store a client.")
        return new_row(token, app, self.now()) | {"ciphertext": self.vault.seal(token.value)}

    def insert(self, connection: Connection, rows: list[Row]) -> None:
        """Add whole rows. Of one that is there already only the ciphertext, label and origin change, where there are new ones,
        and what was not known of it; one that was replaced stands for itself again.
        """
        change = upsert(connection, tokens)
        nothing: ColumnElement[str] = literal_column("''")
        back = case((tokens.c.successor != nothing, literal_column("'unchecked'")), else_=tokens.c.state)
        kept: Row = {"ciphertext": change.excluded.ciphertext, "successor": nothing, "state": back}
        for name in {"label", "parent", "made_by"} & rows[0].keys():
            kept[name] = func.coalesce(func.nullif(change.excluded[name], nothing), tokens.c[name])
        for name in ("subject", "expiry_source"):
            kept[name] = func.coalesce(func.nullif(tokens.c[name], nothing), change.excluded[name])
        for name in ("issued_at", "expires_at", "data_access_until"):
            kept[name] = func.coalesce(tokens.c[name], change.excluded[name])
        run_many(connection, change.on_conflict_do_update(index_elements=["fingerprint"], set_=kept), rows)

    def admit(
        self,
        token: AccessToken,
        *,
        kind: TokenKind | str | None = None,
        scopes: Iterable[str] | str = (),
        parent: Token | None = None,
        made_by: str = "",
    ) -> StoredToken:
        """Store a token once Graph has said that it works, is of this app, of this kind, and has these scopes.

        kind, scopes: what it must be; by default any. parent, made_by: as in `put`. Nothing is asked that is known already.
        It takes the place of tokens that act for the same and work no more, of a machine's only where they could do no more
        than it can; and of a person's that work, but can do no more and end no later.
        Raises TokenRefused: what is the matter with it, and what to do. SettingError: the store has no client.
        """
        parent = self._origin(parent)
        if parent is None:
            raise unknown("")
        if not _is_token(token):
            del token  # as in `put`
            raise _no_token()
        if self.client is None:
            raise SettingError("This store has nobody to ask Graph.", remedy="Make it with TokenStore(client=client).")
        wanted = admission.Wanted.of(self.client.settings.app_id, kind, scopes)
        with self.vault.reading() as connection:
            known = found_in(connection, token.fingerprint)
        if known and wanted.is_met(known, self.now()):
            return self.put(token, parent=parent, made_by=made_by)  # its label and its origin may be news
        info = wanted.ask(self.client, token)
        stored = self.put(token.confirmed(info), info, parent=parent, made_by=made_by)
        succession.retire(self, stored, self.now())
        return stored

    # Changing

    def note(self, token: Token, **columns: Any) -> StoredToken:
        """Set some of what is known of a token. Raises InputError: it is not here, or nothing of the kind is known of any."""
        token = self._fingerprint(token)
        if wrong := sorted(columns.keys() - set(FIELDS[1:])):
            columns.clear()  # among them may be a token
            raise InputError(f"A stored token has no {', '.join(wrong)}.", remedy=f"It has {', '.join(FIELDS[1:])}.")
        with suppress(RowDamaged), self.vault.writing() as connection:
            return self._learn(connection, token, columns)
        raise InputError(f"That cannot be so of the token {token[:12]}.", remedy="Look at it with store.find.")

    def _learn(self, connection: Connection, fingerprint: str, columns: Row) -> StoredToken:
        """Set columns, and read the token again: of what cannot be read nothing is kept."""
        self.change(connection, fingerprint, **columns)
        if columns.get("state") == TokenState.LIVE:  # should it die once more, that is told once more
            mine = (notices.c.fingerprint == fingerprint) & (notices.c.about == "token") & (notices.c.ends == 0)
            connection.execute(delete(notices).where(mine))
        stored = found_in(connection, fingerprint)
        if stored is None:
            raise unknown(fingerprint)
        return stored

    def change(self, connection: Connection, fingerprint: str, **columns: Any) -> None:
        """Set columns, within a transaction."""
        if columns:
            mine = tokens.c.fingerprint == fingerprint
            connection.execute(update(tokens).where(mine).values({name: as_stored(value) for name, value in columns.items()}))

    def replace(self, connection: Connection, old: str, new: str) -> None:
        """Let one token take another's place, within a transaction. Of the old one all is kept but the token itself."""
        both = select(tokens.c.successor).where(tokens.c.fingerprint.in_([old, new])).order_by(tokens.c.fingerprint)
        if list(connection.execute(both.with_for_update()).scalars()) != ["", ""]:
            return  # another program has let the old one take the new one's place, and one of the two has to stay
        self.change(connection, old, successor=new, state=TokenState.REPLACED, ciphertext=None)
        # The end of data access is the person's, and not told again for the new token.
        mine = (notices.c.fingerprint == old) & (notices.c.about == "data access")
        said = select(literal(new), *(column for column in notices.c if column.name != "fingerprint")).where(mine)
        connection.execute(upsert(connection, notices).from_select(list(notices.c), said).on_conflict_do_nothing())

    @contextmanager
    def held(self, token: Token) -> Iterator[Hold]:
        """Hold one token fast: whoever else wants to change it waits. Raises InputError: not here. StoreBusy."""
        token = self._fingerprint(token)
        with self.vault.writing() as connection:
            row = connection.execute(BY_NAME.with_for_update(), {"name": token}).first()  # which SQLite leaves out
            if row is None:
                raise unknown(token)
            yield Hold(self, connection, read(row))

    def forget(self, token: Token) -> StoredToken:
        """Delete a token, for good; Graph is not told. Raises InputError: it is not here."""
        token = self._fingerprint(token)
        try:
            stored = self.find(token)
        except RowDamaged:
            stored = damaged_row(token)
        with self.vault.writing() as connection:
            _bridge(connection, stored)
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
        if not isinstance(passphrase, Secret | None):
            del passphrase
            raise _plain_passphrase()
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


def _vault(
    place: str | os.PathLike[str] | None, key: KeySource | str | None, passphrase: Secret | None, seconds: float, make: bool
) -> Vault | FbnbError:
    """The vault at a place; an error is given back, for these frames have the place in clear."""
    try:
        source = KeySource(key) if key else None
    except ValueError:
        return InputError("There is no such place for a key.", remedy=f"There are {', '.join(KeySource)}.")
    try:
        url = address(user_data_path("fbnb") / "tokens.db" if place is None else place)
        return Vault(url, seconds=seconds, make=make, source=source, passphrase=passphrase)
    except FbnbError as wrong:
        wrong.__context__ = None
        return wrong.with_traceback(None)


def _remove(folder: Path, maker: int) -> None:
    if os.getpid() == maker:  # and not a child of it that ends
        rmtree(folder, ignore_errors=True)


@cache
def opened(place: str) -> TokenStore:
    """The store at a place, opened once in a process that is sent there many times."""
    return TokenStore(place, make=False)


def upsert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An insert that may say what becomes of a row that is there already: each database has its own, in the same words."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def _bridge(connection: Connection, gone: StoredToken) -> None:
    """Let the token that took the place of one that is forgotten be what that was to others."""
    name, new = gone.fingerprint, gone.successor
    if new:
        connection.execute(update(tokens).where(tokens.c.fingerprint == new, tokens.c.parent == name).values(parent=gone.parent))
        for column in (tokens.c.parent, tokens.c.successor):
            connection.execute(update(tokens).where(column == name).values({column: new}))


def _is_token(token: object) -> bool:
    return isinstance(token, AccessToken) and bool(token.value)


def _plain_passphrase() -> InputError:
    return InputError("The passphrase is a plain string.", remedy="Write Secret(...) around it, so that nothing shows it.")


def _no_token() -> InputError:
    return InputError("That is not an access token.", remedy="Make one of the text with AccessToken.of(...).")
