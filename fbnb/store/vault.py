"""A database and the key to what is secret in it: made together, opened together, and never with another key."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from secrets import token_hex

from cryptography.fernet import InvalidToken, MultiFernet
from sqlalchemy import URL, Connection, Table, Update, bindparam, select, update

from fbnb.errors import RowDamaged, StoreError
from fbnb.redact import Secret
from fbnb.store import schema
from fbnb.store.database import Database
from fbnb.store.keys import KeyRecord, KeySource, also, load_key, make_key, next_key, retire_keys
from fbnb.store.passphrase import NEW_PASSPHRASE, new_passphrase
from fbnb.store.records import Row
from fbnb.tokens import fingerprint as digest

_CHUNK = 1000


# Each change of the store asks this first.
_KEY = select(schema.meta.c.name, schema.meta.c.value).where(schema.meta.c.name.startswith("key ")).with_for_update(read=True)
_KEY_ALONE = _KEY.with_for_update(read=False)


class Vault(Database):
    """Opened with the key that it says it was made with, or made with a new one. Raises StoreError, WrongKey.

    What is sealed has to be sealed within `writing()`: by then nobody can change the key any more.
    """

    def __init__(
        self,
        url: URL,
        *,
        seconds: float = 30,
        make: bool = True,
        source: KeySource | None = None,
        passphrase: Secret | None = None,
    ) -> None:
        super().__init__(url, seconds=seconds, make=make)
        self._passphrase = passphrase
        try:
            self._open(source, make=make)
        except BaseException:
            self.close()
            raise

    def _open(self, source: KeySource | None, *, make: bool) -> None:
        with self.reading() as connection:
            said = schema.described(connection)
        fernet = None
        if said is None and not make:
            raise self.missing()
        if said is None:
            said, fernet = self._made(source)
        self.key = _key_record(said)
        self._fernet = fernet or load_key(self.key, self.path, passphrase=self._passphrase)
        self.use_wal()  # only of a file that is ours

    def _made(self, source: KeySource | None) -> tuple[dict[str, str], MultiFernet | None]:
        # Under the lock, so that of two programs that find no store one makes a key and the other opens with it.
        with super().writing() as connection:
            schema.lock_layout(connection)
            if found := schema.described(connection):
                return found, None
            name = token_hex(8)
            record, fernet = make_key(name, self.path, source=source, passphrase=self._passphrase)
            said = {"name": name, **_said(record)}
            schema.lay_out(connection, said)
            return said, fernet

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """As ever; and with the key that is in use now, which whoever would change it has to wait for."""
        with super().writing() as connection:
            self._use_key(connection, alone=False)
            yield connection

    def noting(self) -> AbstractContextManager[Connection]:
        """As `writing`, for what leaves every ciphertext as it is: the key may be any."""
        return super().writing()

    def _use_key(self, connection: Connection, *, alone: bool) -> None:
        """Take the key that the store says it has; another program may have changed it."""
        record = _key_record(dict(connection.execute(_KEY_ALONE if alone else _KEY).all()))
        if record != self.key:  # what was read a moment ago is still to be opened with the old one
            self._fernet = also(load_key(record, self.path, passphrase=self._passphrase), self._fernet)
            self.key = record

    def seal(self, text: Secret) -> bytes:
        """The text as it is stored."""
        return self._fernet.encrypt(text.reveal().encode(errors="surrogatepass"))

    def unseal(self, ciphertext: bytes, fingerprint: str = "") -> Secret:
        """The text again, if it is the one with that fingerprint. Raises RowDamaged: it is not, or cannot be decrypted."""
        text = self._opened(ciphertext)
        if text is None:
            with self.reading() as connection:
                self._use_key(connection, alone=False)
            text = self._opened(ciphertext)
        if text is None or (fingerprint and not hmac.compare_digest(digest(text.reveal()), fingerprint)):
            raise RowDamaged(f"The stored token {fingerprint[:12]} is not what was stored there.")
        return text

    def _opened(self, ciphertext: bytes) -> Secret | None:
        try:
            return Secret(self._fernet.decrypt(ciphertext).decode(errors="surrogatepass"))
        except (InvalidToken, TypeError, ValueError):
            return None

    def rotate(self, passphrase: Secret | None = None) -> int:
        """Encrypt everything with a new key, kept where the old one is, which is then forgotten. Returns how many tokens.

        passphrase: the new one, for a store that has one. Until the last row is done nothing has changed for anyone.
        """
        if self.key.source is KeySource.PASSPHRASE:  # asked for now: nobody is to wait for the store while somebody types
            passphrase = new_passphrase(passphrase, NEW_PASSPHRASE)
        with super().writing() as connection:
            self._use_key(connection, alone=True)
            record, both = next_key(self.key, self.path, self._fernet, passphrase=passphrase)
            count = self._encrypt_again(connection, both)
            rows = [{"its": name, "fresh": value} for name, value in _said(record).items()]
            connection.execute(_change(schema.meta, "name", "value"), rows)
        self.key, self._fernet, self._passphrase = record, both, passphrase or self._passphrase
        with super().writing() as connection:
            self._use_key(connection, alone=True)
            if self.key == record:  # and not the next one's already, who needs what this would drop
                retire_keys(record, self.path)
        self.empty_wal()
        return count

    def _encrypt_again(self, connection: Connection, fernet: MultiFernet) -> int:
        done = 0
        for table, name, column in ((schema.apps, "app_id", "secret"), (schema.tokens, "fingerprint", "ciphertext")):
            last, one, sealed = "", table.c[name], table.c[column]
            query = select(one, sealed).where(sealed.is_not(None)).order_by(one).limit(_CHUNK)
            while found := connection.execute(query.where(one > last)).all():
                connection.execute(_change(table, name, column), list(_fresh(fernet, found)))
                last = found[-1][0]
                done += len(found) if table is schema.tokens else 0
        return done


def _change(table: Table, name: str, column: str) -> Update:
    return update(table).where(table.c[name] == bindparam("its")).values({column: bindparam("fresh")})


def _fresh(fernet: MultiFernet, found: Iterable[tuple[str, bytes]]) -> Iterable[Row]:
    for name, ciphertext in found:
        try:
            yield {"its": name, "fresh": fernet.rotate(ciphertext)}
        except InvalidToken:  # a damaged row is no more damaged afterwards, and keeps the others from nothing
            yield {"its": name, "fresh": ciphertext}


def _said(record: KeyRecord) -> dict[str, str]:
    return {
        "key source": record.source.value,
        "key place": record.place,
        "key salt": record.salt,
        "key fingerprint": record.fingerprint,
    }


def _key_record(said: dict[str, str]) -> KeyRecord:
    try:
        return KeyRecord(KeySource(said["key source"]), said["key place"], said["key salt"], said["key fingerprint"])
    except (KeyError, ValueError):
        problem = StoreError("What the store says of its key is damaged.", remedy="Put a copy of its database back.")
    raise problem
