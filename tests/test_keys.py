"""The store's key: in a keyring, a passphrase or a file, found again by its record, replaced without a loss, never shown."""

from __future__ import annotations

import json
import os
import pty
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import astuple, replace
from pathlib import Path

import keyring
import pytest
from cryptography.fernet import InvalidToken, MultiFernet
from keyring.backend import KeyringBackend
from keyring.core import load_keyring
from keyring.errors import KeyringLocked
from shell import shown

from fbnb.errors import FbnbError, InputError, StoreError, WrongKey
from fbnb.redact import Secret
from fbnb.store.key_text import fingerprint
from fbnb.store.keys import KeyRecord, KeySource, load_key, make_key, next_key, retire_keys
from fbnb.store.passphrase import derived

NAME = "0123456789abcdef"
PHRASE, NEW_PHRASE = Secret("correct horse battery"), Secret("staple of another horse")


class FileKeyring(KeyringBackend):
    """A keyring in a JSON file, which can be locked, and can forget."""

    viable = False  # so that no other test finds it by itself
    priority = 1

    def __init__(self, file: Path) -> None:
        self.file, self.forgetful, self.one_line = file, False, False
        self.trouble: type[BaseException] | None = None

    def get_password(self, service: str, username: str) -> str | None:
        password = self._all().get(f"{service}/{username}")
        if self.trouble:
            raise self.trouble(f"no {password}")
        return password

    def set_password(self, service: str, username: str, password: str) -> None:
        if self.trouble:
            raise self.trouble(f"no {password}")
        if self.one_line:
            password = password.split()[0]
        if not self.forgetful:
            self.file.write_text(json.dumps({**self._all(), f"{service}/{username}": password}))

    def _all(self) -> dict[str, str]:
        return dict(json.loads(self.file.read_text())) if self.file.exists() else {}


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Neither the person's own keyring, settings and configuration, nor their terminal."""
    before = keyring.get_keyring()
    keyring.set_keyring(load_keyring("keyring.backends.fail.Keyring"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("FBNB_STORE_PASSPHRASE", raising=False)
    monkeypatch.delenv("FBNB_STORE_NEW_PASSPHRASE", raising=False)
    with open(os.devnull) as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        yield
    keyring.set_keyring(before)


@pytest.fixture
def ring(tmp_path: Path) -> FileKeyring:
    ring = FileKeyring(tmp_path / "ring.json")
    keyring.set_keyring(ring)
    return ring


@pytest.fixture
def beside(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    return folder / "tokens.db"


@pytest.fixture
def file(beside: Path) -> Path:
    return Path(f"{beside}.key")


@pytest.fixture(params=list(KeySource))
def source(request: pytest.FixtureRequest, ring: FileKeyring) -> KeySource:
    return KeySource(request.param)


def made(source: KeySource, beside: Path | None) -> tuple[KeyRecord, MultiFernet]:
    return make_key(NAME, beside, source=source, passphrase=PHRASE if source is KeySource.PASSPHRASE else None)


def replaced(record: KeyRecord, beside: Path | None, current: MultiFernet) -> tuple[KeyRecord, MultiFernet]:
    return next_key(record, beside, current, passphrase=NEW_PHRASE if record.source is KeySource.PASSPHRASE else None)


def same(one: MultiFernet, other: MultiFernet) -> bool:
    return other.decrypt(one.encrypt(b"told")) == one.decrypt(other.encrypt(b"told")) == b"told"


def test_a_key_is_found_again_by_its_record(source: KeySource, beside: Path) -> None:
    record, cipher = made(source, beside)
    assert same(cipher, load_key(record, beside, passphrase=PHRASE))
    assert record.source is source
    assert len(record.fingerprint) == 16


def test_two_stores_have_two_keys(source: KeySource, tmp_path: Path) -> None:
    _, one = made(source, tmp_path / "one.db")
    _, other = make_key("another", tmp_path / "other.db", source=source, passphrase=PHRASE if source == "passphrase" else None)
    with pytest.raises(InvalidToken):
        other.decrypt(one.encrypt(b"told"))


def test_a_working_keyring_is_the_first_choice(ring: FileKeyring, beside: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FBNB_STORE_PASSPHRASE", PHRASE.reveal())
    record, _ = make_key(NAME, beside)
    assert (record.source, record.place) == (KeySource.KEYRING, NAME)
    assert os.listdir(beside.parent) == []


def test_a_passphrase_is_the_second(beside: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FBNB_STORE_PASSPHRASE", PHRASE.reveal())
    record, cipher = make_key(NAME, beside)
    assert (record.source, record.place, len(record.salt)) == (KeySource.PASSPHRASE, "", 32)
    assert same(cipher, load_key(record, None))
    assert os.listdir(beside.parent) == []


def test_a_file_beside_the_database_is_the_third(beside: Path, file: Path) -> None:
    record, _ = make_key(NAME, beside)
    assert (record.source, record.place) == (KeySource.FILE, "")
    assert os.listdir(beside.parent) == [file.name]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_given_passphrase_is_the_choice(ring: FileKeyring, beside: Path) -> None:
    assert make_key(NAME, beside, passphrase=PHRASE)[0].source is KeySource.PASSPHRASE
    with pytest.raises(InputError, match="Leave one of the two out"):
        make_key(NAME, beside, source=KeySource.FILE, passphrase=PHRASE)


def test_the_file_moves_with_its_database(beside: Path, file: Path, tmp_path: Path) -> None:
    record, cipher = make_key(NAME, beside)
    file.rename(tmp_path / "moved.db.key")
    assert same(cipher, load_key(record, tmp_path / "moved.db"))


def test_without_a_file_of_its_own_a_database_has_its_key_in_the_persons_configuration(tmp_path: Path) -> None:
    record, cipher = make_key(NAME, None)
    path = tmp_path / "config" / "fbnb" / f"{NAME}.key"
    assert record.place == str(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert same(cipher, load_key(record, None))


TROUBLES = {"locked": KeyringLocked, "no dbus": ConnectionError, "half installed": AttributeError}


@pytest.mark.parametrize("trouble", [*TROUBLES, "forgetful"])
def test_a_keyring_that_keeps_nothing_is_none(trouble: str, ring: FileKeyring, beside: Path) -> None:
    ring.trouble, ring.forgetful = TROUBLES.get(trouble), trouble == "forgetful"
    assert make_key(NAME, beside)[0].source is KeySource.FILE
    with pytest.raises(StoreError, match="The keyring"):
        make_key(NAME, beside, source=KeySource.KEYRING)


def test_a_crash_before_the_database_knew_of_the_key_makes_no_second(beside: Path, ring: FileKeyring) -> None:
    for source in (KeySource.KEYRING, KeySource.FILE):
        (first, one), (second, other) = made(source, beside), made(source, beside)
        assert first == second
        assert same(one, other)


def test_what_is_no_key_file_is_left_alone(beside: Path, file: Path) -> None:
    file.touch(mode=0o600)
    file.write_text("my notes\n")
    with pytest.raises(WrongKey, match=r"is there already, and holds no key\. Move it away"):
        make_key(NAME, beside)
    assert file.read_text() == "my notes\n"


def test_programs_that_make_the_key_file_at_once_end_with_one_key(beside: Path, file: Path) -> None:
    program = (
        "import sys, pathlib, fbnb.store.keys as keys\nprint('ready', flush=True); sys.stdin.readline()\n"
        "print(keys.make_key('n', pathlib.Path(sys.argv[1]), source=keys.KeySource.FILE)[0].fingerprint)"
    )
    command = [sys.executable, "-c", program, str(beside)]
    runs = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(6)]
    for run in runs:
        assert run.stdout
        assert run.stdout.readline() == "ready\n"
    for run in runs:
        assert run.stdin
        run.stdin.write("\n")
        run.stdin.flush()
    said = {run.communicate(timeout=60)[0] for run in runs}
    assert len(said) == 1
    assert os.listdir(beside.parent) == [file.name]


def broken(how: str, record: KeyRecord, file: Path, ring: FileKeyring) -> None:
    if how == "gone":
        file.unlink(missing_ok=True)
        ring.file.unlink(missing_ok=True)
    elif how == "another":
        make_key("another", file.with_name("another.db"), source=record.source)
        text = ring.file.read_text().replace(f"fbnb/{record.place}", "x").replace("fbnb/another", f"fbnb/{record.place}")
        ring.file.write_text(text) if record.source is KeySource.KEYRING else file.with_name("another.db.key").rename(file)
    elif how == "garbage":
        file.write_text("\0\xff not a key")
        ring.file.write_text(json.dumps({f"fbnb/{record.place}": "not a key"}))
    elif how == "locked":
        file.unlink(missing_ok=True)
        file.mkdir()
        ring.trouble = KeyringLocked


@pytest.mark.parametrize("how", ["gone", "another", "garbage", "locked"])
@pytest.mark.parametrize("source", [KeySource.KEYRING, KeySource.FILE])
def test_a_wrong_or_missing_key_is_one_line_and_changes_nothing(
    how: str, source: KeySource, beside: Path, file: Path, ring: FileKeyring, tmp_path: Path
) -> None:
    ring.file.write_text("{}")
    record, cipher = made(source, beside)
    broken(how, record, file, ring)
    before = contents(tmp_path)
    remedy = "Unlock the keyring" if source is KeySource.KEYRING else f"Put this store's key file back at {file}, mode 0600."
    acts: list[Callable[[], object]] = [
        lambda: load_key(record, beside),
        lambda: next_key(record, beside, cipher),
        lambda: retire_keys(record, beside),
    ]
    for act in acts:
        with pytest.raises(WrongKey, match=remedy) as caught:
            act()
        assert "\n" not in str(caught.value)
    assert contents(tmp_path) == before


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() if path.is_file() else b"" for path in folder.rglob("*")}


def test_a_wrong_or_missing_passphrase_is_one_line(beside: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record, _ = make_key(NAME, beside, passphrase=PHRASE)
    remedy = "Set FBNB_STORE_PASSPHRASE to the passphrase this store was made with."
    with pytest.raises(WrongKey, match=f"nobody gave it. {remedy}"):
        load_key(record, beside)
    for wrong in (PHRASE.reveal().upper(), "", "\udcff"):
        monkeypatch.setenv("FBNB_STORE_PASSPHRASE", wrong)
        with pytest.raises(WrongKey, match=f"is not the one this store was made with. {remedy}"):
            load_key(record, beside)
    assert os.listdir(beside.parent) == []


def test_a_key_file_beside_no_database_is_told_so(beside: Path) -> None:
    record, _ = make_key(NAME, beside)
    with pytest.raises(WrongKey, match="beside the database this store was copied from"):
        load_key(record, None)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_key_file_that_others_can_read_is_refused(mode: int, beside: Path, file: Path) -> None:
    record, cipher = make_key(NAME, beside)
    file.chmod(mode)
    for act in (lambda: load_key(record, beside), lambda: make_key(NAME, beside)):
        with pytest.raises(WrongKey, match=rf"\(mode {mode:04o}\)\. chmod 600 {file}, and rotate"):
            act()
    file.chmod(0o400)
    assert same(cipher, load_key(record, beside))


@pytest.mark.parametrize("mask", [0o000, 0o377])
def test_the_file_is_its_owners_alone_whatever_the_umask(mask: int, beside: Path, file: Path) -> None:
    before = os.umask(mask)
    try:
        record, cipher = make_key(NAME, beside)
        replaced(record, beside, cipher)
    finally:
        os.umask(before)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("phrase", ["", "short", "1234567"])
def test_a_short_passphrase_is_refused(phrase: str, beside: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record, cipher = make_key(NAME, beside, passphrase=PHRASE)
    with pytest.raises(InputError, match=r"too short\. Give one of 8 characters"):
        make_key(NAME, beside, passphrase=Secret(phrase))
    with pytest.raises(InputError, match="too short"):
        next_key(record, beside, cipher, passphrase=Secret(phrase))
    monkeypatch.setenv("FBNB_STORE_PASSPHRASE", phrase)
    with pytest.raises(InputError, match="too short"):
        make_key(NAME, beside)


def test_a_passphrase_that_nobody_can_give_is_asked_for_by_its_variable(beside: Path) -> None:
    with pytest.raises(InputError, match="Set FBNB_STORE_PASSPHRASE, or run this in a terminal"):
        make_key(NAME, beside, source=KeySource.PASSPHRASE)
    record, cipher = make_key(NAME, beside, passphrase=PHRASE)
    with pytest.raises(InputError, match="Set FBNB_STORE_NEW_PASSPHRASE"):
        next_key(record, beside, cipher)


def test_a_passphrase_is_the_same_on_every_keyboard(beside: Path) -> None:
    record, cipher = make_key(NAME, beside, passphrase=Secret("café au lait"))
    assert same(cipher, load_key(record, beside, passphrase=Secret("cafe\u0301 au lait")))


def test_spaces_around_a_passphrase_count_for_nothing(beside: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record, cipher = make_key(NAME, beside, passphrase=Secret(f" {PHRASE.reveal()}\t"))
    for given in (PHRASE.reveal(), f"{PHRASE.reveal()}  "):
        assert same(cipher, load_key(record, beside, passphrase=Secret(given)))
        monkeypatch.setenv("FBNB_STORE_PASSPHRASE", given)
        assert same(cipher, load_key(record, beside))
    with pytest.raises(InputError, match="too short"):
        make_key(NAME, beside, passphrase=Secret("short      "))


def test_a_store_of_a_time_when_such_spaces_counted_opens_with_them(beside: Path) -> None:
    spaced = Secret(f"{PHRASE.reveal()} ")
    record = KeyRecord(KeySource.PASSPHRASE, "", "ab" * 16, fingerprint(derived(spaced, "ab" * 16)))
    load_key(record, beside, passphrase=spaced)
    with pytest.raises(WrongKey):
        load_key(record, beside, passphrase=PHRASE)


def at_a_terminal(program: str, *typed: str) -> str:
    """What a program says on a terminal where a person types so many lines, each when asked."""
    ours, theirs = pty.openpty()
    script = f"import sys\nfrom fbnb.store.keys import *\ntry:\n    {program}\nexcept Exception as wrong:\n    print(repr(wrong))"
    environ = {**os.environ, "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    command = [sys.executable, "-c", script]
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True, env=environ, close_fds=True
    ) as run:
        os.close(theirs)
        said = b""
        for line in (*typed, None):
            said += until_asked(ours, last=line is None)
            if line is not None:
                os.write(ours, f"{line}\n".encode())
        run.wait(60)
    os.close(ours)
    return said.decode()


def until_asked(terminal: int, *, last: bool) -> bytes:
    said = b""
    try:
        while last or not said.endswith(b": "):
            said += os.read(terminal, 1000)
    except OSError:  # how a terminal says that the other end is closed
        assert last, said
    return said


MAKING = "record, _ = make_key('n', None); print(record.source, record.salt)"


def test_a_person_at_a_terminal_is_asked_twice_for_a_new_passphrase_and_nothing_echoes() -> None:
    said = at_a_terminal(MAKING, PHRASE.reveal(), PHRASE.reveal())
    assert "A new passphrase for the token store: " in said
    assert "The same again: " in said
    assert "passphrase " in said.splitlines()[-1]
    assert PHRASE.reveal() not in said


def test_two_passphrases_that_differ_are_refused() -> None:
    said = at_a_terminal(MAKING, PHRASE.reveal(), NEW_PHRASE.reveal())
    assert "InputError('The two passphrases are not the same." in said


def test_a_person_who_ends_the_question_has_given_no_passphrase() -> None:
    assert "InputError('There is no passphrase to make a key of." in at_a_terminal(MAKING, "\4")


def test_a_person_at_a_terminal_is_asked_once_to_open(beside: Path) -> None:
    record, _ = make_key(NAME, beside, passphrase=PHRASE)
    opening = f"load_key(KeyRecord(KeySource.PASSPHRASE, '', {record.salt!r}, {record.fingerprint!r}), None); print('open')"
    assert at_a_terminal(opening, PHRASE.reveal()).splitlines()[-1] == "open"
    assert "WrongKey('The passphrase is not the one" in at_a_terminal(opening, NEW_PHRASE.reveal())


def test_a_new_key_encrypts_and_both_read(source: KeySource, beside: Path) -> None:
    record, old = made(source, beside)
    sealed = old.encrypt(b"before")
    fresh, both = replaced(record, beside, old)
    assert fresh.source is source
    assert fresh.fingerprint != record.fingerprint
    assert both.decrypt(sealed) == b"before"
    assert load_key(fresh, beside, passphrase=NEW_PHRASE).decrypt(both.rotate(sealed)) == b"before"
    with pytest.raises(InvalidToken):
        old.decrypt(both.encrypt(b"after"))


def test_after_a_rotation_only_the_new_key_is_left(source: KeySource, beside: Path) -> None:
    record, old = made(source, beside)
    fresh, both = replaced(record, beside, old)
    retire_keys(fresh, beside)
    retire_keys(fresh, beside)
    left = load_key(fresh, beside, passphrase=NEW_PHRASE if record.source is KeySource.PASSPHRASE else None)
    assert left.decrypt(both.encrypt(b"after")) == b"after"
    with pytest.raises(InvalidToken):
        left.decrypt(old.encrypt(b"before"))
    with pytest.raises(WrongKey):
        load_key(record, beside, passphrase=NEW_PHRASE if record.source is KeySource.PASSPHRASE else None)


@pytest.mark.parametrize("source", [KeySource.KEYRING, KeySource.FILE])
def test_a_crash_between_the_steps_of_a_rotation_loses_nothing(source: KeySource, beside: Path, ring: FileKeyring) -> None:
    record, old = made(source, beside)
    _, abandoned = replaced(record, beside, old)
    both = load_key(record, beside)
    assert both.decrypt(abandoned.encrypt(b"half done")) == b"half done"
    assert old.decrypt(both.encrypt(b"still the old one")) == b"still the old one"

    fresh, all_three = replaced(record, beside, both)
    for cipher in (old, abandoned):
        assert all_three.decrypt(cipher.encrypt(b"told")) == load_key(fresh, beside).decrypt(cipher.encrypt(b"told")) == b"told"
    retire_keys(record, beside)  # given up: back to the key that the database has on record
    assert same(old, load_key(record, beside))
    with pytest.raises(WrongKey):
        load_key(fresh, beside)


@pytest.mark.parametrize("trouble", ["forgetful", "one_line"])
def test_a_keyring_that_does_not_keep_two_keys_still_has_the_old_one(trouble: str, ring: FileKeyring, beside: Path) -> None:
    record, old = made(KeySource.KEYRING, beside)
    setattr(ring, trouble, True)
    with pytest.raises(StoreError, match="does not give back"):
        replaced(record, beside, old)
    assert same(old, load_key(record, beside))


def test_a_full_disk_leaves_the_old_key(beside: Path, file: Path) -> None:
    record, _ = made(KeySource.FILE, beside)
    before = file.read_bytes()
    script = (
        "import resource, sys, pathlib\nfrom fbnb.store.keys import *\nbeside = pathlib.Path(sys.argv[1])\n"
        f"record = KeyRecord(KeySource.FILE, '', '', {record.fingerprint!r})\ncurrent = load_key(record, beside)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (60, 60))\n"
        "try:\n    next_key(record, beside, current)\nexcept Exception as wrong:\n    print(repr(wrong))"
    )
    said = subprocess.run([sys.executable, "-c", script, str(beside)], capture_output=True, text=True, check=True).stdout
    assert said.startswith(f"StoreError('The key file {file} cannot be written: File too large.")
    assert file.read_bytes() == before
    assert os.listdir(beside.parent) == [file.name]


def test_no_folder_for_the_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    with pytest.raises(StoreError, match=r"cannot be written: Not a directory\. Make its folder"):
        make_key(NAME, tmp_path / "data" / "tokens.db")


def test_a_file_behind_a_link_is_replaced_where_it_is(beside: Path, file: Path, tmp_path: Path) -> None:
    record, old = made(KeySource.FILE, beside)
    file.rename(tmp_path / "elsewhere.key")
    file.symlink_to(tmp_path / "elsewhere.key")
    fresh, both = replaced(record, beside, old)
    assert file.is_symlink()
    assert same(both, load_key(fresh, beside))


def test_what_a_killed_rotation_left_goes_with_the_old_key(beside: Path, file: Path) -> None:
    record, old = made(KeySource.FILE, beside)
    fresh, _ = replaced(record, beside, old)
    file.with_name(f".{file.name}.abc123").write_bytes(file.read_bytes())  # as after kill -9 between writing and renaming
    retire_keys(fresh, beside)
    assert os.listdir(beside.parent) == [file.name]


CELLS = {
    "a file nobody should read": "file.chmod(0o644)\nload_key(of_file, beside)",
    "another file": "load_key(replace(of_file, fingerprint='0' * 16), beside)",
    "a file that cannot be written": "make_key('n', file / 'no' / 'folder', source=KeySource.FILE)",
    "a locked keyring": "ring.trouble = OSError\nload_key(of_ring, beside)",
    "a keyring that takes nothing": "ring.trouble = OSError\nmake_key('n', beside, source=KeySource.KEYRING)",
    "a keyring that stops": "ring.forgetful = True\nnext_key(of_ring, beside, cipher)",
    "a keyring given up on": "ring.trouble = KeyboardInterrupt\nload_key(of_ring, beside)",
    "another passphrase": "load_key(replace(of_phrase, salt='0'), beside, passphrase=phrase)",
    "a passphrase of the environment": "load_key(replace(of_phrase, salt='0'), beside)",
    "half a character": "load_key(of_phrase, beside, passphrase=odd)",
    "too short": "make_key('n', beside, passphrase=brief)",
    "chained": "try: load_key(of_phrase, beside, passphrase=odd)\nexcept Exception: raise ValueError('ours')",
    "chained keyring": "ring.trouble = OSError\ntry: load_key(of_ring, beside)\nexcept Exception: raise ValueError('ours')",
}


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("mode", ["Verbose", "Context"])
def test_no_traceback_shows_a_key_or_a_passphrase(
    cell: str, mode: str, beside: Path, file: Path, ring: FileKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FBNB_STORE_PASSPHRASE", PHRASE.reveal())
    by_source = (KeySource.FILE, KeySource.KEYRING, KeySource.PASSPHRASE)
    # A refusal of ours is shown as one line; without that, as any other tool would show it.
    monkeypatch.delattr(FbnbError, "_render_traceback_")
    (of_file, _), (of_ring, cipher), (of_phrase, _) = (made(source, beside) for source in by_source)
    keys = [*file.read_text().split(), *json.loads(ring.file.read_text()).values()]
    names: dict[str, object] = {
        "of_file": of_file,
        "of_ring": of_ring,
        "of_phrase": of_phrase,
        "cipher": cipher,
        "ring": ring,
        "beside": beside,
    }
    names |= {"file": file, "phrase": PHRASE, "odd": Secret("\udcffcanary"), "brief": Secret("canary"), "replace": replace}
    names |= {"load_key": load_key, "make_key": make_key, "next_key": next_key, "KeySource": KeySource}
    text = shown(CELLS[cell], names, mode)
    assert "Error" in text or "WrongKey" in text or "KeyboardInterrupt" in text
    assert not [secret for secret in [*keys, PHRASE.reveal(), "canary"] if secret in text]


def test_a_record_and_a_cipher_show_no_key(source: KeySource, beside: Path, file: Path, ring: FileKeyring) -> None:
    record, cipher = made(source, beside)
    texts = [path.read_text() for path in (file, ring.file) if path.exists()]
    assert not any(str(part) in text for text in texts for part in astuple(record) if len(str(part)) > 16)
    assert "=" not in repr(cipher)
