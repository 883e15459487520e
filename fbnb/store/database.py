"""The database under a store: SQLite in a file of its own, or PostgreSQL. Each change is whole or not at all."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from math import ceil
from pathlib import Path
from typing import Any
from weakref import WeakSet

from sqlalchemy import URL, Connection, Engine, Insert, Update, create_engine, event
from sqlalchemy.exc import SQLAlchemyError

from fbnb.clock import SystemClock
from fbnb.errors import FbnbError, InputError, StoreBusy, StoreError, StoreGone
from fbnb.store.faults import meant

_WAIT = 0.01  # seconds until a lock is looked at again
_LONGEST = 2_000_000  # seconds: as milliseconds they still fit into what SQLite and PostgreSQL keep them in
_OPEN: WeakSet[Database] = WeakSet()


class Database:
    """An engine, and the two ways to use it: `reading()` and `writing()`, each one transaction.

    seconds: to wait for a lock. make: a file that is not there.
    Raises StoreError: it is not there, or cannot be made. InputError: that is no time to wait.
    """

    def __init__(self, url: URL, *, seconds: float = 30, make: bool = True) -> None:
        if not (isinstance(seconds, int | float) and 0 <= seconds <= _LONGEST):
            raise InputError("That is no time to wait for a lock.", remedy=f"Give seconds= from 0 to {_LONGEST}.")
        self.url = url
        self.path = Path(url.database or "") if url.get_backend_name() == "sqlite" else None
        if self.path and make:
            _make_file(self.path)
        self._file = self._found()
        if self.path and self._file is None:
            raise self.missing()
        self.seconds = seconds
        self.engine, self._turn, self._stopped = self._engine(), threading.RLock(), False
        _OPEN.add(self)

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

    def _found(self) -> tuple[int, int] | None:
        """Which file lies at the path now; None for none, and for what is no file."""
        try:
            its = self.path.stat() if self.path else None
        except OSError:
            return None
        return (its.st_dev, its.st_ino) if its else None

    def check_there(self) -> None:
        """Raises StoreGone: the file is gone, or another is in its place. What was opened would still take what nobody finds."""
        if self._found() != self._file:
            remedy = "Put its file back, and open it again; nothing was changed."
            raise StoreGone(f"The token store {self.place} is gone.", remedy=remedy)

    def _engine(self) -> Engine:
        # No parameter in an error's text: they are ciphertexts at best.
        if self.path:
            # Nor is a file that has gone made anew, without tables and for everyone to read.
            place = f"{self.path.as_uri()}?mode=rw"
            connect = partial(sqlite3.connect, place, uri=True, timeout=self.seconds, check_same_thread=False)
            engine = create_engine(self.url, hide_parameters=True, creator=connect)
            event.listen(engine, "connect", _prepare)
            event.listen(engine, "begin", _begin)
            return engine
        # A server that went away and came back is no reason to fail: each connection is tried before it is used.
        wait = max(1, ceil(self.seconds * 1000))  # for 0 it would wait for ever
        options = f"{self.url.query.get('options', '')} -c lock_timeout={wait}".strip()
        args = {"connect_timeout": 10, "options": options}
        return create_engine(self.url, hide_parameters=True, pool_pre_ping=True, max_overflow=-1, connect_args=args)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that changes nothing, and waits for no one who does. Raises StoreError, StoreGone."""
        with _ours(self), self.engine.connect() as connection, connection.begin():
            self.check_there()
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
            self.check_there()
            yield connection
            self.check_there()

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

    def forgo_the_disk(self) -> None:
        """Not wait until what is written has reached the disk: for a store that goes with its program, and is not to survive."""
        event.listen(self.engine, "connect", _unwaiting)
        self.engine.dispose()

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()

    def before_fork(self) -> None:
        """Nothing of a connection or a turn goes over to a child: SQLite would be locked there for ever."""
        self._stopped = self._turn.acquire(timeout=self.seconds)
        self.close()

    def after_fork(self, *, child: bool) -> None:
        """Go on; a child with connections of its own."""
        if self._stopped:
            self._turn.release()
        if child:
            self._turn = self._turn if self._stopped else threading.RLock()
            self.engine.dispose(close=False)


def _each(act: Callable[[Database], None]) -> Callable[[], None]:
    def each() -> None:
        for database in list(_OPEN):
            act(database)

    return each


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_each(Database.before_fork),
        after_in_parent=_each(partial(Database.after_fork, child=False)),
        after_in_child=_each(partial(Database.after_fork, child=True)),
    )


def _make_file(path: Path) -> None:
    """A file that is its owner's alone from the first moment; SQLite gives its own two others the same mode."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.is_file():  # or it is not opened: to close it would let go of what this program has locked there
            os.close(os.open(path, os.O_CREAT | os.O_RDONLY, 0o600))
        its = path.stat()
        if path.is_file() and not its.st_size and its.st_uid == getattr(os, "geteuid", int)():  # somebody's touch, say
            path.chmod(0o600)
    except OSError as wrong:
        problem = StoreError(f"{path} cannot be used: {wrong.strerror}.", remedy="Name a file in a folder of your own.")
    else:
        return
    raise problem from None


def _prepare(connection: Any, record: object) -> None:
    connection.isolation_level = None  # sqlite3 would begin transactions by its own rules, and none of them at once
    connection.execute("PRAGMA synchronous=FULL").close()


def _unwaiting(connection: Any, record: object) -> None:
    connection.execute("PRAGMA synchronous=OFF").close()


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
    try:
        database.check_there()
    except StoreGone as gone:
        return gone.with_traceback(None)
    return meant(database.place, wrong)


def run_many(connection: Connection, statement: Insert | Update, rows: Sequence[Mapping[str, Any]]) -> None:
    """Run a statement for each row. It is compiled once, and the rows are handed to the driver as they are: SQLAlchemy would
    look at every value again, which takes longer than to store it.
    """
    made = statement.compile(dialect=connection.dialect, column_keys=list(rows[0]))
    names = made.positiontup
    connection.exec_driver_sql(made.string, [tuple([row[name] for name in names]) for row in rows] if names else list(rows))
