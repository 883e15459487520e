"""A PostgreSQL server for the tests: Debian's programs, a cluster of its own in a temporary folder, loopback only."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from ports import free_port

# Not synchronous_commit: what was acknowledged must outlive an immediate stop. fsync only matters when the machine itself fails.
OPTIONS = ["-c", "fsync=off", "-c", "full_page_writes=off", "-c", "unix_socket_directories=", "-c", "listen_addresses=127.0.0.1"]
INITDB = "--pgdata=data --pwfile=password --username=fbnb --auth=scram-sha-256 --encoding=UTF8 --locale=C --no-sync"
# The server ends with whatever holds the other end of stdin, even if that is killed. The word "keep" spares the folder.
KEEPER = '"$@" & read -r word; kill -QUIT $!; wait; [ "$word" = keep ] || rm -rf "$PWD"'


def binaries() -> Path | None:
    """The folder of the newest PostgreSQL's programs; None where Debian's package is not installed."""
    found = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    return max((path.parent for path in found), key=lambda path: float(path.parts[-2]), default=None)


@dataclass(slots=True)
class Postgres:
    """A cluster in `folder`, and the server on it while it runs."""

    binaries: Path
    folder: Path
    port: int
    password: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)
    keeper: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://fbnb:{self.password}@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """The URL of a new, empty database."""
        name = f"test_{secrets.token_hex(6)}"
        self._run(f"CREATE DATABASE {name}")
        return self.url(name)

    def drop(self, url: str) -> None:
        """Drop a database, whoever is still connected to it."""
        self._run(f"DROP DATABASE {url.rpartition('/')[2]} WITH (FORCE)")

    def create(self) -> None:
        """Make the cluster."""
        (self.folder / "password").write_text(self.password)
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
            shutil.chown(self.folder / "password", "postgres", "postgres")
        command = [str(self.binaries / "initdb"), *INITDB.split()]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **self._as_owner())
        assert done.returncode == 0, done.stdout

    def start(self, seconds: float = 30) -> None:
        """Start the server, unless it runs, on the same port as before; AssertionError shows its log."""
        if self.keeper is not None:
            return
        server = [str(self.binaries / "postgres"), "-D", "data", "-c", f"port={self.port}", *OPTIONS]
        with (self.folder / "log").open("ab") as log:
            command = ["sh", "-c", KEEPER, "keeper", *server]
            self.keeper = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log, **self._as_owner())
        until = time.monotonic() + seconds
        while not self._answers():
            assert time.monotonic() < until, (self.folder / "log").read_text()
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop the server at once, as if it had crashed: what was committed is there after `start`."""
        self._end(b"keep\n")

    def remove(self) -> None:
        """Stop the server and remove its folder."""
        self._end(b"end\n")
        shutil.rmtree(self.folder, ignore_errors=True)  # where it was stopped already

    def _end(self, word: bytes) -> None:
        keeper, self.keeper = self.keeper, None
        if keeper is not None:
            keeper.communicate(word, timeout=30)

    def _answers(self) -> bool:
        try:
            self._run("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def _run(self, statement: str) -> None:
        place = f"host=127.0.0.1 port={self.port} dbname=postgres user=fbnb connect_timeout=10"
        with psycopg.connect(place, password=self.password, autocommit=True) as connection:
            connection.execute(statement.encode())

    def _as_owner(self) -> dict[str, Any]:
        """PostgreSQL refuses to run as root. In a session of its own it does not see Ctrl-C."""
        owner = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
        return {"cwd": self.folder, "start_new_session": True, **owner}


@contextmanager
def serving_postgres() -> Iterator[Postgres]:
    """A server that ends with the block, and with this process, however that ends."""
    found = binaries()
    assert found is not None, "there is no PostgreSQL: apt-get install postgresql"
    server = Postgres(found, Path(tempfile.mkdtemp(prefix="fbnb-postgres-")), free_port())
    try:
        server.create()
        server.start()
        yield server
    finally:
        server.remove()
