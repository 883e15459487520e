"""The tests' PostgreSQL is a real one: it serves, it can go away, and nothing of it is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from postgres import Postgres
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

PROGRAM = """
import time
from postgres import serving_postgres
with serving_postgres() as server:
    print(server.folder, flush=True)
    time.sleep(600)
"""


def test_it_serves_goes_away_and_comes_back_with_what_was_committed(postgres: Postgres, postgres_url: str) -> None:
    engine = create_engine(postgres_url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE kept AS SELECT 42 AS number"))
    with engine.connect() as connection:
        postgres.stop()
        with pytest.raises(OperationalError):
            connection.execute(text("SELECT number FROM kept"))
        connection.invalidate()
    with pytest.raises(OperationalError, match="refused"), engine.connect():
        pass
    postgres.start()
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT number FROM kept")) == 42


def test_each_test_has_a_database_of_its_own_and_needs_the_password(postgres: Postgres, postgres_url: str) -> None:
    with create_engine(postgres_url, poolclass=NullPool).connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM pg_stat_user_tables")) == 0
    wrong = create_engine(postgres_url.replace(postgres.password, "guessed"), poolclass=NullPool)
    with pytest.raises(OperationalError, match="password authentication failed"), wrong.connect():
        pass
    assert postgres.password not in repr(postgres)


@pytest.mark.usefixtures("postgres")  # which skips where there is none
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_of_it_when_the_tests_are_interrupted(how: signal.Signals) -> None:
    environ = dict(os.environ, PYTHONPATH=os.pathsep.join([str(Path(__file__).parent), os.environ["PYTHONPATH"]]))
    with subprocess.Popen([sys.executable, "-c", PROGRAM], env=environ, stdout=subprocess.PIPE) as tests:
        assert tests.stdout
        folder = Path(tests.stdout.readline().decode().strip())
        assert (folder / "data/postmaster.pid").exists()
        server = int((folder / "data/postmaster.pid").read_text().split()[0])
        tests.send_signal(how)
    until = time.monotonic() + 30
    while (folder.exists() or _runs(server)) and time.monotonic() < until:
        time.sleep(0.05)
    assert not folder.exists()
    assert not _runs(server)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
