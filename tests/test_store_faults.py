"""What a store does when the disk, the server, the file, the key or the program fails: one clear line, and nothing lost."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import random
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from crash import Killer, after, held, work
from postgres import Postgres
from sqlalchemy import text
from sqlalchemy.engine import make_url

from fbnb.errors import FbnbError, InputError, RowDamaged, StoreBusy, StoreError, StoreGone, WrongKey
from fbnb.redact import Secret
from fbnb.store import KeySource, TokenStore
from fbnb.store.schema import notices, tokens
from fbnb.tokens import AccessToken

EVERY = os.environ.get("FBNB_TEST_ALL") == "1"
KILLS = 200 if EVERY else 15


def token(number: int = 1) -> AccessToken:
    return AccessToken(Secret(f"EAAfault{number:040d}"), label=f"token {number}")


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A key file of a PostgreSQL store goes into the configuration's folder: not the person's own."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@contextmanager
def opened(place: str | Path, **how: Any) -> Iterator[TokenStore]:
    store = TokenStore(place, **how)
    try:
        yield store
    finally:
        store.close()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A SQLite store with three tokens, closed."""
    place = tmp_path / "data" / "tokens.db"
    with opened(place, key="file") as store:
        store.put_all(map(token, range(3)), app_id="1")
    return place


def refused(kind: type[FbnbError], act: Callable[[], object]) -> str:
    """The one line that something is refused with, which drags nothing along."""
    with pytest.raises(kind) as caught:
        act()
    told = caught.value
    assert type(told) is kind
    assert told.remedy
    assert "\n" not in str(told)
    assert told.__cause__ is None
    assert told.__suppress_context__ or told.__context__ is None
    return str(told)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


# Killed.


def check_whole(store: TokenStore) -> None:
    """Nothing half written anywhere: no row without its token or successor, no notice about a token that is gone."""
    with store.vault.reading() as connection:
        if store.vault.path:
            assert connection.execute(text("PRAGMA integrity_check")).scalar_one() == "ok"
        known = {row.fingerprint: row for row in connection.execute(tokens.select())}
        told = {row.fingerprint for row in connection.execute(notices.select())}
    assert told == {name for name, row in known.items() if row.trouble}
    assert all((row.ciphertext is None) == bool(row.successor) for row in known.values())
    assert {row.successor for row in known.values()} - {""} <= known.keys()


def test_nothing_acknowledged_is_lost_and_nothing_half_written_when_writers_are_killed(store_url: str) -> None:
    chance, total = random.Random(6), 0
    with opened(store_url, key="file") as store, Killer(store_url) as killer:
        for seed in range(KILLS):
            done = killer.kill_one(seed, chance.uniform(0, 0.06), early=not seed % 5)
            pieces = list(islice(work(seed), done + 1))
            there = held(store, seed)
            assert there in (after(seed, pieces[:done]), after(seed, pieces)), f"seed {seed}, {done} pieces were done"
            total += done
        check_whole(store)
    assert total, "they did write"
    with opened(store_url) as again:
        assert sum(len(held(again, seed)) for seed in range(KILLS)) == sum(1 for _ in again.tokens(replaced=True))


def test_a_rotation_that_is_killed_leaves_every_token_readable(store_url: str) -> None:
    chance, total = random.Random(7), 0
    with opened(store_url, key="file") as store, Killer(store_url, rotating=True) as killer:
        store.put_all(map(token, range(30)), app_id="1")
        for seed in range(KILLS // 2):
            done = killer.kill_one(seed, chance.uniform(0, 0.15))
            pieces = list(islice(work(seed, rotating=True), done + 1))
            assert held(store, seed) in (after(seed, pieces[:done]), after(seed, pieces))
            total += sum(doing == "rotate" for doing, _ in pieces)
        with opened(store_url) as again:
            assert [again.get(token(number)).label for number in range(30)] == [f"token {number}" for number in range(30)]
            assert again.rotate() == len(again)
        assert store.get(token(5)) == token(5)
    assert total, "they did rotate"


# Locked, read-only, full.


@contextmanager
def locked(store: TokenStore) -> Iterator[None]:
    """Another program's hold of the whole store."""
    with opened(store.vault.url.render_as_string(hide_password=False)) as other, other.vault.writing() as connection:
        if not store.vault.path:
            connection.execute(text("LOCK TABLE fbnb_tokens IN EXCLUSIVE MODE"))
        yield


def test_a_store_that_another_program_writes_to_is_busy_and_can_be_read(store_url: str) -> None:
    with opened(store_url, key="file", seconds=0.3) as store:
        store.put(token(), app_id="1")
        with locked(store):
            told = refused(StoreBusy, lambda: store.note(token(), label="other"))
            assert "Another program is writing to it. Try again in a moment; nothing was changed." in told
            refused(StoreBusy, lambda: store.put(token(2), app_id="1"))
            assert store.get(token()) == token()
            with opened(store_url, seconds=0.3) as another:
                assert another.find(token()).label == "token 1"
        assert store.note(token(), label="other").label == "other"
        assert len(store) == 1


def test_a_database_that_is_locked_before_there_is_a_store_is_busy(tmp_path: Path) -> None:
    place = tmp_path / "tokens.db"
    other = sqlite3.connect(place, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    refused(StoreBusy, lambda: TokenStore(place, key="file", seconds=0.3))
    other.close()
    assert not Path(f"{place}.key").exists()


@contextmanager
def nobody_special() -> Iterator[None]:
    """Within it files' modes count, for root too."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


@pytest.fixture
def ours() -> Iterator[Path]:
    """A folder of whoever `nobody_special` is, where they can get to it."""
    folder = Path(tempfile.mkdtemp(prefix="fbnb-test-"))
    if os.geteuid() == 0:
        os.chown(folder, 65534, 65534)
    yield folder
    folder.chmod(0o700)
    shutil.rmtree(folder)


def test_a_folder_that_cannot_be_written_to_is_named(ours: Path) -> None:
    ours.chmod(0o500)
    with nobody_special():
        told = refused(StoreError, lambda: TokenStore(ours / "tokens.db", key="file"))
        assert told == f"{ours}/tokens.db cannot be used: Permission denied. Name a file in a folder of your own."
        refused(StoreError, lambda: TokenStore(ours / "deeper" / "tokens.db", key="file"))
    assert contents(ours) == {}


def test_a_file_that_may_only_be_read_is_not_written_to(ours: Path) -> None:
    place = ours / "tokens.db"
    with nobody_special():
        with opened(place, key="file") as store:
            store.put(token(), app_id="1")
        place.chmod(0o400)
        before = contents(ours)
        with opened(place) as store:
            assert store.get(token()) == token()
            told = refused(StoreError, lambda: store.put(token(2), app_id="1"))
        assert "It cannot be written to. Look at the owner and the mode of its file and folder." in told
        assert {name: before[name] for name in ("tokens.db", "tokens.db.key")} == {
            name: there for name, there in contents(ours).items() if name in before
        }


def test_a_store_on_a_medium_that_may_only_be_read_says_so(ours: Path) -> None:
    """Without a right to the folder SQLite has no place for its other files, even to read."""
    place = ours / "tokens.db"
    with nobody_special():
        with opened(place, key="file") as store:
            store.put(token(), app_id="1")
        place.chmod(0o400)
        ours.chmod(0o500)
        before = contents(ours)

        def read() -> AccessToken:
            with opened(place) as store:
                return store.get(token())

        assert "It cannot be written to." in refused(StoreError, read)
        assert contents(ours) == before


FILL = """
    import sys
    from fbnb.errors import StoreError
    from fbnb.redact import Secret
    from fbnb.store import TokenStore
    from fbnb.tokens import AccessToken

    def token(number):
        return AccessToken(Secret(f"EAAfault{number:040d}"), label="x" * 400)

    store, done = TokenStore(sys.argv[1] + "/tokens.db", key="file"), 0
    try:
        while done < 20_000:
            done += store.put_all(map(token, range(done, done + 50)), app_id="1")
    except StoreError as told:
        print(told)
    assert 0 < done < 20_000
    assert len(store) == done
    assert all(store.get(token(number)) == token(number) for number in range(0, done, 50))
    store.close()
    store = TokenStore(sys.argv[1] + "/tokens.db")
    assert len(store) == done
    store.close()
"""


def fill(tmp_path: Path, size: str) -> subprocess.CompletedProcess[str]:
    """Fill a disk of that size, which only the process that fills it sees."""
    disk, program = tmp_path / "disk", tmp_path / "fill.py"
    disk.mkdir()
    program.write_text(textwrap.dedent(FILL))
    within = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]
    script = f'mount -t tmpfs -o size={size} tmpfs "$1" || exit 77; "$2" "$3" "$1"'
    command = [*within, "sh", "-c", script, "sh", str(disk), sys.executable, str(program)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_a_full_disk_loses_nothing_that_was_stored(tmp_path: Path) -> None:
    done = fill(tmp_path, "1m")
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip(f"no disk can be mounted here: {done.stderr}")
    assert done.returncode == 0, done.stderr
    assert "The disk is full. Make room; what was stored before is as it was." in done.stdout


def hundreds() -> Iterator[list[AccessToken]]:
    for start in range(3, 9999, 100):
        yield [token(start + more) for more in range(100)]


def test_a_file_that_may_not_grow_loses_nothing_that_was_stored(place: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with opened(place) as store:
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, hard))
        try:
            told = refused(StoreError, lambda: [store.put_all(some, app_id="1") for some in hundreds()])
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert str(place) in told
        there = len(store)
        assert there % 100 == 3
        assert all(store.get(token(number)) == token(number) for number in range(there))
        store.put(token(there), app_id="1")


@pytest.mark.parametrize("let_go", [False, True], ids=["open", "closed"])
@pytest.mark.parametrize("back", ["", "folder", "another file"])
def test_a_file_that_is_gone_takes_nothing_and_is_not_made_anew(back: str, let_go: bool, place: Path) -> None:
    with opened(place) as store:
        assert store.get(token()) == token()
        if let_go:
            store.close()
        place.parent.rename(place.parent.with_name("away"))
        if back:
            place.parent.mkdir()
        if back == "another file":
            place.touch()
        for act in (lambda: store.put(token(9), app_id="1"), lambda: store.get(token())):
            said = f"The token store {place} is gone. Put its file back, and open it again; nothing was changed."
            assert refused(StoreGone, act) == said
        assert sorted(place.parent.rglob("*")) == ([place] if back == "another file" else [])
        assert place.parent.exists() is bool(back)


def test_a_file_that_goes_in_the_middle_of_a_change_has_none_of_it(place: Path) -> None:
    with opened(place) as store:

        def change() -> None:
            with store.held(token()) as hold:
                hold.change(label="half")
                place.rename(place.with_name("away"))

        assert "is gone" in refused(StoreGone, change)
        place.with_name("away").rename(place)
        assert store.find(token()).label == "token 1"


def test_a_file_that_somebody_touched_becomes_its_owners_alone(tmp_path: Path) -> None:
    place = tmp_path / "tokens.db"
    place.touch(mode=0o644)
    with opened(place, key="file") as store:
        store.put(token(), app_id="1")
        assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


def test_opening_a_store_once_more_lets_go_of_no_lock(place: Path) -> None:
    """SQLite's are let go of when the program closes the file, however else it had opened it."""
    program = (
        "import os, sys; from fcntl import *\nfile = os.open(sys.argv[1], os.O_RDWR)\n"
        "try: lockf(file, LOCK_EX | LOCK_NB)\nexcept OSError: print('held')"
    )
    with opened(place) as store, opened(place) as again:
        assert store.get(token()) == again.get(token())
        with opened(place):
            pass
        assert subprocess.run([sys.executable, "-c", program, place], capture_output=True, check=True).stdout == b"held\n"


# What is no place, and no way to open one.


@pytest.mark.parametrize(
    "mistyped",
    [
        "postgresql:/u:hunter22@host/db",
        "Postgres:u:hunter22@host/db",
        "postgresql//u:hunter22@host/db",
        "postgresql+psycopg:/u:hunter22@host/db",
        "postgre:/u:hunter22@host/db",
        "//u:hunter22@host/db",
        "sqlite:/hunter22.db",
        "sqlite:hunter22.db",
        "sqlite:///file:hunter22?mode=memory&uri=true",
        ":memory:",
        "file::memory:",
        "~hunter22/x.db",
        "sqlite:///~hunter22/x.db",
        "hunter22\0",
        "hunter22\ud800",
        "postgresql://u@h/x?sslpassword=hunter22",
        "postgresql://u@h/x?Password=hunter22",
        "",
        " ",
    ],
)
def test_a_mistyped_place_is_refused_unrepeated_and_makes_nothing(
    mistyped: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FBNB_STORE", str(tmp_path / "meant.db"))  # which no empty place means
    for place in (mistyped, Path(mistyped)) if mistyped else ("",):
        assert "hunter22" not in refused(StoreError, partial(TokenStore, place, key="file"))
    assert contents(tmp_path) == {}


def test_a_place_is_understood_in_capitals_and_from_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for place in ("SQLITE:///~/tokens.db", "sqlite:///~/tokens.db", "~/tokens.db"):
        with opened(place, key="file") as store:
            assert store.vault.path == tmp_path / "tokens.db"
    told = refused(StoreGone, lambda: TokenStore("POSTGRES://127.0.0.1:1/x"))
    assert "The database does not answer." in told


def test_a_link_to_a_file_leads_to_its_key_too(place: Path, tmp_path: Path) -> None:
    (tmp_path / "link.db").symlink_to(place)
    with opened(tmp_path / "link.db") as store:
        assert store.get(token()) == token()
    (tmp_path / "dangling.db").symlink_to(place.with_name("new.db"))
    with opened(tmp_path / "dangling.db", key="file") as store:
        store.put(token(), app_id="1")
    with opened(place.with_name("new.db")) as store:
        assert store.get(token()) == token()


@pytest.mark.parametrize("seconds", ["3", None, -5, float("nan"), float("inf"), 1e10])
def test_what_is_no_time_to_wait_is_refused(seconds: Any, tmp_path: Path) -> None:
    told = refused(InputError, lambda: TokenStore(tmp_path / "tokens.db", key="file", seconds=seconds))
    assert told == "That is no time to wait for a lock. Give seconds= from 0 to 2000000."
    assert contents(tmp_path) == {}


def test_a_name_that_is_too_long_is_one_line(tmp_path: Path) -> None:
    assert "File name too long" in refused(StoreError, lambda: TokenStore(tmp_path / ("x" * 300), key="file"))
    assert "There is no token store" in refused(StoreError, lambda: TokenStore(tmp_path / ("x" * 300), make=False))


def test_a_program_whose_input_is_closed_can_make_a_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    program = "import sys; from fbnb.store import TokenStore; sys.stdin.close(); print(TokenStore(sys.argv[1]).vault.key.source)"
    command = [sys.executable, "-c", program, str(tmp_path / "tokens.db")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.stdout == "file\n", done.stderr


# Another file, another version, damage.


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear Mara, " * 999)
    before = contents(tmp_path)
    told = refused(StoreError, lambda: TokenStore(tmp_path / "letter.txt", key="file"))
    assert "The file is damaged, or is no database. Name another file, or put a copy of it back." in told
    assert contents(tmp_path) == before


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "cats.db")
    other.execute("CREATE TABLE cats (name)")
    other.close()
    before = contents(tmp_path)
    told = refused(StoreError, lambda: TokenStore(tmp_path / "cats.db", key="file"))
    assert told == "This file is another program's database: it has the table cats. Name another file."
    assert contents(tmp_path) == before


def test_a_store_of_another_version_is_not_touched(store_url: str) -> None:
    with opened(store_url, key="file") as store:
        store.put(token(), app_id="1")
        with store.vault.writing() as connection:
            connection.execute(text("UPDATE fbnb_meta SET value = '9' WHERE name = 'version'"))
    told = refused(StoreError, lambda: TokenStore(store_url))
    assert told.startswith("This store is of version 9, and this fbnb reads version 1.")


@pytest.mark.parametrize(
    "damage", ["DELETE FROM fbnb_meta WHERE name = 'key source'", "UPDATE fbnb_meta SET value = 'x' WHERE name = 'key source'"]
)
def test_a_damaged_record_of_the_key_is_one_line(damage: str, store_url: str) -> None:
    with opened(store_url, key="file") as store, store.vault.noting() as connection:
        connection.execute(text(damage))
    told = refused(StoreError, lambda: TokenStore(store_url))
    assert told == "What the store says of its key is damaged. Put a copy of its database back."


def test_swapped_ciphertexts_are_caught(store_url: str) -> None:
    with opened(store_url, key="file") as store:
        store.put_all(map(token, range(3)), app_id="1")
        names = [token(0).fingerprint, token(1).fingerprint]
        with store.vault.writing() as connection:
            mine = tokens.select().where(tokens.c.fingerprint.in_(names))
            sealed = {row.fingerprint: row.ciphertext for row in connection.execute(mine)}
            for one, other in (names, reversed(names)):
                store.change(connection, one, ciphertext=sealed[other])
        for number in range(2):
            told = refused(RowDamaged, lambda number=number: store.get(token(number)))  # type: ignore[misc]
            assert told.startswith(f"The stored token {names[number][:12]} is not what was stored there.")
        assert store.get(token(2)) == token(2)


@pytest.mark.parametrize("column", ["kind", "state", "granular_scopes"])
def test_a_row_that_cannot_be_read_hides_no_other_and_can_be_forgotten(store_url: str, column: str) -> None:
    with opened(store_url, key="file") as store:
        store.put_all(map(token, range(3)), app_id="1")
        victim = token(1).fingerprint
        store.put(token(2), parent=victim, app_id="1")
        with store.vault.writing() as connection:
            store.change(connection, victim, **{column: "nonsense"})
        listed = {one.fingerprint: one for one in store}
        assert listed.keys() == {token(number).fingerprint for number in range(3)}
        assert (listed[victim].label, listed[victim].app_id) == ("damaged row", "1")
        assert refused(RowDamaged, lambda: store.find(victim)).startswith(f"What is stored of the token {victim[:12]}")
        refused(RowDamaged, lambda: store.get(victim))
        assert [one.label for one in store.children(victim)] == ["token 2"]
        assert store.forget(victim[:8]).fingerprint == victim
        assert {one.label for one in store} == {"token 0", "token 2"}


@pytest.mark.parametrize(
    "damage", [lambda old: old[:40] + bytes([old[40] ^ 1]) + old[41:], lambda old: old[:-9], lambda old: b""]
)
def test_a_flipped_or_missing_byte_is_caught(store_url: str, damage: Callable[[bytes], bytes]) -> None:
    with opened(store_url, key="file") as store:
        store.put(token(), app_id="1")
        with store.vault.writing() as connection:
            old = connection.execute(tokens.select()).one().ciphertext
            store.change(connection, token().fingerprint, ciphertext=damage(old))
        refused(RowDamaged, lambda: store.get(token()))
        assert store.rotate() == 1
        refused(RowDamaged, lambda: store.get(token()))
        store.put(token(), app_id="1")
        assert store.get(token()) == token()


def test_a_damaged_file_is_refused_or_read_right(place: Path) -> None:
    with opened(place) as store:
        store.put_all(map(token, range(100)), app_id="1")
    chance, whole = random.Random(1), place.read_bytes()
    for _ in range(30):
        start = chance.randrange(100, len(whole))
        place.write_bytes((whole[:start] + chance.randbytes(300) + whole[start + 300 :])[: len(whole)])
        try:
            with opened(place) as store:
                for stored in store.tokens():
                    assert store.get(stored).fingerprint == stored.fingerprint
        except StoreError as told:
            assert "\n" not in str(told)  # noqa: PT017 - either is right, a wrong token or a traceback is not


# The key.


def test_without_its_key_file_a_store_stays_shut_and_gets_no_other(place: Path) -> None:
    key = Path(f"{place}.key")
    key.rename(key.with_name("away"))
    before = contents(place.parent)
    for _ in range(2):
        assert "Put this store's key file back" in refused(WrongKey, lambda: TokenStore(place))
        assert "Put this store's key file back" in refused(WrongKey, lambda: TokenStore(place, key="file"))
    assert contents(place.parent) == before
    key.with_name("away").rename(key)
    with opened(place) as store:
        assert store.get(token()) == token()


def test_another_stores_key_is_refused(place: Path, tmp_path: Path) -> None:
    with opened(tmp_path / "other" / "tokens.db", key="file"):
        shutil.copy(tmp_path / "other" / "tokens.db.key", f"{place}.key")
    before = contents(place.parent)
    assert "has no key that fits this store" in refused(WrongKey, lambda: TokenStore(place))
    assert contents(place.parent) == before


def test_a_wrong_passphrase_is_refused_and_none_asked_for(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    right = Secret("correct horse battery")
    with opened(store_url, passphrase=right) as store:
        store.put(token(), app_id="1")
    for wrong in (Secret("correct horse batterie"), None):
        assert "passphrase" in refused(WrongKey, lambda wrong=wrong: TokenStore(store_url, passphrase=wrong))  # type: ignore[misc]
    monkeypatch.setenv("FBNB_STORE_PASSPHRASE", right.reveal())
    with opened(store_url) as store:
        assert store.get(token()) == token()
        assert store.vault.key.source is KeySource.PASSPHRASE


# The server.


def test_a_wrong_password_is_refused_and_not_shown(postgres_url: str) -> None:
    wrong = make_url(postgres_url).set(password="opensesame123").render_as_string(hide_password=False)
    told = refused(StoreError, lambda: TokenStore(wrong))
    assert "The database does not let this user in. Put its password into PGPASSWORD or ~/.pgpass" in told
    assert "opensesame123" not in told


def test_a_password_in_the_urls_query_is_a_password(postgres_url: str) -> None:
    url = make_url(postgres_url)
    with opened(f"postgresql://{url.host}:{url.port}/{url.database}?user=fbnb&password={url.password}", key="file") as store:
        shown = (repr(store), store.place, repr(store.vault), repr(store.vault.url), str(pickle.dumps(store)))
        assert url.password
        assert not any(url.password in told for told in shown)
        assert (store.vault.url.username, store.vault.url.query) == ("fbnb", {})


@pytest.mark.parametrize("name", ["fullstack", "readonly"])
def test_why_a_user_is_refused_is_not_read_in_their_name(name: str, postgres_url: str) -> None:
    with opened(postgres_url, key="file") as store:
        with store.vault.noting() as connection:
            connection.execute(text(f"CREATE ROLE {name} LOGIN PASSWORD 'right'"))
        url = make_url(postgres_url).set(username=name)
        for password, said in (
            ("wrong", "does not let this user in. Put its"),
            ("right", "may not use its tables. Let the owner GRANT"),
        ):
            place = url.set(password=password).render_as_string(hide_password=False)
            assert said in refused(StoreError, partial(TokenStore, place))
        with store.vault.noting() as connection:
            connection.execute(text(f"DROP ROLE {name}"))


def test_why_a_change_is_refused_is_not_read_in_a_label(store_url: str) -> None:
    with opened(store_url, key="file") as store:
        store.put(token().labelled("the password vault is full"), app_id="1")

        def change() -> None:
            with store.vault.writing() as connection:
                connection.execute(tokens.update().values(obtained=None))

        with pytest.raises(StoreError, match="obtained"):
            change()


def test_no_seconds_are_not_for_ever(postgres_url: str) -> None:
    with opened(postgres_url, key="file", seconds=0) as store:
        store.put(token(), app_id="1")
        with locked(store):
            refused(StoreBusy, lambda: store.note(token(), label="other"))


def test_a_database_that_does_not_exist_is_not_said_to_be_gone(postgres_url: str) -> None:
    told = refused(StoreError, lambda: TokenStore(f"{postgres_url}x"))
    assert "Start it again" not in told


def test_a_server_that_went_away_is_gone_and_comes_back(postgres: Postgres, postgres_url: str) -> None:
    with opened(postgres_url, key="file") as store:
        store.put(token(), app_id="1")
        postgres.stop()
        assert "The database does not answer." in refused(StoreGone, lambda: store.get(token()))
        refused(StoreGone, lambda: store.put(token(2), app_id="1"))
        refused(StoreGone, lambda: TokenStore(postgres_url))
        postgres.start()
        assert store.get(token()) == token()
        assert len(store) == 1


def test_a_server_that_goes_away_in_the_middle_of_a_change_has_made_none_of_it(postgres: Postgres, postgres_url: str) -> None:
    with opened(postgres_url, key="file") as store:
        store.put(token(), app_id="1")

        def change() -> None:
            with store.held(token()) as hold:
                hold.change(label="half")
                postgres.stop()
                hold.change(why="done")

        refused(StoreGone, change)
        postgres.start()
        assert (store.find(token()).label, store.find(token()).why) == ("token 1", "")


# Forked.


def in_a_child(act: Callable[[], object]) -> int | None:
    """What a forked child that does something ends with; 0 if it was not refused."""
    child = multiprocessing.get_context("fork").Process(target=act)
    child.start()
    child.join(30)
    return child.exitcode


def test_a_child_has_connections_of_its_own(postgres_url: str) -> None:
    with opened(postgres_url, key="file") as store:
        store.put(token(), app_id="1")
        mine = backend(store)

        def act() -> None:
            assert backend(store) != mine
            assert store.get(token()) == token()

        assert in_a_child(act) == 0
        assert store.get(token()) == token()


def backend(store: TokenStore) -> int:
    with store.vault.reading() as connection:
        return int(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())


def test_a_child_can_write_though_a_thread_did_when_it_was_forked(place: Path) -> None:
    with opened(place, seconds=3) as store:
        holds = threading.Event()

        def hold() -> None:
            with store.held(token()):
                holds.set()
                threading.Event().wait(0.2)

        thread = threading.Thread(target=hold)
        thread.start()
        holds.wait()
        assert in_a_child(lambda: store.put(token(9), app_id="1")) == 0
        thread.join()
        assert store.get(token(9)) == token(9)


def test_a_child_that_ends_leaves_its_parents_store_of_a_sandbox() -> None:
    program = (
        "import os, sys\nfrom fbnb.kit import connect\nfrom fbnb.store import TokenStore\n"
        "store = TokenStore(client=connect(target='sandbox')[0])\nif not (child := os.fork()):\n    sys.exit()\n"
        "os.waitpid(child, 0)\nprint(store.vault.path, len(store))"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert said.endswith(" 0\n")
    assert not Path(said.split()[0]).parent.exists(), "with its maker it ends"


@pytest.mark.parametrize("seconds", [0.3, 30])
def test_a_file_that_another_program_is_writing_to_is_waited_for(seconds: float, tmp_path: Path) -> None:
    place = tmp_path / "tokens.db"
    TokenStore(place, key="file").close()
    with closing(sqlite3.connect(place, isolation_level=None, check_same_thread=False)) as other:
        other.execute("PRAGMA journal_mode=DELETE")  # as it is until the program that makes a store is done
        other.execute("BEGIN IMMEDIATE")
        later = threading.Timer(seconds, lambda: other.execute("ROLLBACK"))
        later.start()
        if seconds < 1:
            TokenStore(place).close()
        else:
            with pytest.raises(StoreBusy, match="Another program is writing to it"):
                TokenStore(place, seconds=0.2)
            later.cancel()
        later.join()
