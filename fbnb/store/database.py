"""The database under a store: SQLite in a file of its own, or PostgreSQL. Each change is whole or not at all."""

from __future__ import annotations

import os
import re
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, Insert, Update, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from fbnb.clock import SystemClock
from fbnb.errors import FbnbError, StoreBusy, StoreError, StoreGone
from fbnb.redact import redact

_WAIT = 0.01  # seconds until a lock is looked at again
_GONE = (
    "connection failed|server closed|terminating connection|connection refused|not open|is closed|could not connect|shutting down"
)
_WORDS = (
    ("database is locked|lock timeout|LockNotAvailable|deadlock", StoreBusy, "Another program is writing to it."),
    ("does not exist|resolve host|Name or service", StoreError, "There is no such database, or no such user."),
    ("readonly|read-only|unable to open", StoreError, "It cannot be written to."),
    ("full|No space left|DiskFull", StoreError, "The disk is full."),
    ("disk I/O error", StoreError, "The disk cannot be read or written."),
    ("not a database|malformed|corrupt|disk image|Could not decode", StoreError, "The file is damaged, or is no database."),
    ("password|authentication", StoreError, "The database does not let this user in."),
    (_GONE, StoreGone, "The database does not answer."),
)
_REMEDIES = {
    "It cannot be written to.": "Look at the owner and the mode of its file and folder.",
    "There is no such database, or no such user.": "Look at the host, the user and the name in its URL; createdb makes one.",
    "The disk cannot be read or written.": "See to the disk, or to a limit on files; what was stored before is as it was.",
    "The disk is full.": "Make room; what was stored before is as it was.",
    "The database does not let this user in.": "Put its password into PGPASSWORD or ~/.pgpass, or into the URL.",
    "The file is damaged, or is no database.": "Name another file, or put a copy of it back.",
}


def address(place: str | os.PathLike[str]) -> URL:
    """The URL of a database: as given, or of the SQLite file at a path.

    Raises StoreError: no URL, or of a database that is neither, or PostgreSQL's driver is missing.
    """
    text = os.fspath(place)
    if "://" not in text:
        return URL.create("sqlite", database=str(Path(text).expanduser().absolute()))
    url = _url(text.replace("postgres://", "postgresql://", 1))  # as some hosts write it
    if url is None or url.get_backend_name() not in {"sqlite", "postgresql"}:
        raise StoreError(
            "That is no database for tokens.", remedy="Give a file's path, sqlite:///tokens.db or postgresql://user@host/name."
        )
    if url.get_backend_name() == "sqlite":
        if not url.database or url.database == ":memory:":
            raise StoreError("A store in memory would lose its tokens.", remedy="Name a file, such as sqlite:///tokens.db.")
        return URL.create("sqlite", database=str(Path(url.database).absolute()))
    if find_spec("psycopg") is None:
        raise StoreError("PostgreSQL needs the package psycopg.", remedy='Install it: pip install "fbnb[postgres]".')
    return url.set(drivername="postgresql+psycopg")


def _url(text: str) -> URL | None:
    try:
        return make_url(text)
    except (ArgumentError, ValueError):
        return None


class Database:
    """An engine, and the two ways to use it: `reading()` and `writing()`, each one transaction.

    seconds: to wait for a lock. make: a file that is not there. Raises StoreError: it is not there, or cannot be made.
    """

    def __init__(self, url: URL, *, seconds: float = 30, make: bool = True) -> None:
        self.url = url
        self.path = Path(url.database or "") if url.get_backend_name() == "sqlite" else None
        if self.path and make:
            _make_file(self.path)
        elif self.path and not self.path.exists():
            raise self.missing()
        self.seconds = seconds
        self.engine, self._turn = self._engine(), threading.Lock()

    def __repr__(self) -> str:
        return f"Database({self.place})"

    @property
    def place(self) -> str:
        """Where it is, without the password."""
        return str(self.path) if self.path else self.url.render_as_string(hide_password=True)

    def missing(self) -> StoreError:
        """What to say where there is no store."""
        remedy = "Name the one you mean by --db or FBNB_STORE, or begin one with fbnb tokens add."
        return StoreError(f"There is no token store at {self.place}.", remedy=remedy)

    def _engine(self) -> Engine:
        # No parameter in an error's text: they are ciphertexts at best.
        if self.path:
            engine = create_engine(self.url, hide_parameters=True, connect_args={"timeout": self.seconds})
            event.listen(engine, "connect", _prepare)
            event.listen(engine, "begin", _begin)
            return engine
        # A server that went away and came back is no reason to fail: each connection is tried before it is used.
        options = f"{self.url.query.get('options', '')} -c lock_timeout={int(self.seconds * 1000)}".strip()
        args = {"connect_timeout": 10, "options": options}
        return create_engine(self.url, hide_parameters=True, pool_pre_ping=True, max_overflow=-1, connect_args=args)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that changes nothing, and waits for no one who does. Raises StoreError, StoreGone."""
        with _ours(self), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that takes its lock at once; all of it is kept, or nothing. Raises StoreError, StoreBusy, StoreGone."""
        with (
            self._in_turn(),
            _ours(self),
            self.engine.connect().execution_options(fbnb_writes=True) as connection,
            connection.begin(),
        ):
            yield connection

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        """Threads of this process take turns: SQLite would let them sleep and look again. Raises StoreBusy."""
        if self.path is None:
            yield
        elif self._turn.acquire(timeout=self.seconds):
            try:
                yield
            finally:
                self._turn.release()
        else:
            raise StoreBusy(f"The token store {self.place}: This program is writing to it.")

    def use_wal(self) -> None:
        """Let readers and a writer of SQLite not wait for each other; the file remembers it. Raises StoreError, StoreBusy."""
        if self.path:
            clock = SystemClock()
            until = clock.now() + timedelta(seconds=self.seconds)
            with _ours(self), self.engine.connect() as connection:
                while not _is_in_wal(connection.connection.cursor(), last=clock.now() > until):
                    clock.sleep(_WAIT)

    def empty_wal(self) -> None:
        """Take what was changed out of SQLite's second file, where it would stand until the store is closed."""
        if self.path:
            with _ours(self), self.engine.connect() as connection:
                connection.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").close()

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()


def _make_file(path: Path) -> None:
    """A file that is its owner's alone from the first moment; SQLite gives its own two others the same mode."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDONLY, 0o600))
    except OSError as wrong:
        problem = StoreError(f"{path} cannot be used: {wrong.strerror}.", remedy="Name a file in a folder of your own.")
    else:
        return
    raise problem from None


def _prepare(connection: Any, record: object) -> None:
    connection.isolation_level = None  # sqlite3 would begin transactions by its own rules, and none of them at once
    connection.execute("PRAGMA synchronous=FULL").close()


def _is_in_wal(cursor: Any, *, last: bool) -> bool:
    # Of several programs that change it at the same time SQLite refuses all but one at once, however long they would wait.
    try:
        cursor.execute("PRAGMA journal_mode=WAL").close()
    except sqlite3.OperationalError as wrong:
        if last or wrong.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("fbnb_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def _ours(database: Database) -> Iterator[None]:
    """Around every use of a database: what goes wrong there is said in a line, and drags no statement or password along."""
    problem: FbnbError | None = None
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, OSError) as wrong:
        problem = _meant(database, wrong)
    if problem:
        raise problem from None  # whose frames hold the password


def _meant(database: Database, wrong: Exception) -> FbnbError:
    words = str(wrong.orig) if isinstance(wrong, DBAPIError) else str(wrong)
    said = f"{type(getattr(wrong, 'orig', wrong)).__name__}: {words}"
    for pattern, kind, problem in _WORDS:
        if re.search(pattern, said, re.IGNORECASE):
            return kind(f"The token store {database.place}: {problem}", remedy=_REMEDIES.get(problem, kind.remedy))
    if getattr(wrong, "connection_invalidated", False):
        return StoreGone(f"The token store {database.place}: The database does not answer.")
    return StoreError(f"The token store {database.place}: {redact(words.splitlines()[0] if words else said)}")


def run_many(connection: Connection, statement: Insert | Update, rows: Sequence[Mapping[str, Any]]) -> None:
    """Run a statement for each row. It is compiled once, and the rows are handed to the driver as they are: SQLAlchemy would
    look at every value again, which takes longer than to store it.
    """
    made = statement.compile(dialect=connection.dialect, column_keys=list(rows[0]))
    names = made.positiontup
    connection.exec_driver_sql(made.string, [tuple([row[name] for name in names]) for row in rows] if names else list(rows))
