"""The file of variables: whole or not there, its owner's alone, read alike by a shell and by dotenv, and gone in the end."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from dotenv import dotenv_values

from fbnb.errors import InputError
from fbnb.sandbox.env_file import kept

ODD = {
    "PLAIN": "http://127.0.0.1:8765/v26.0",
    "EMPTY": "",
    "AMPERSAND": "https://app.example/cb?a=1&b=2",
    "SPACES": " two  words ",
    "HASH": "a #b",
    "DOLLAR": "$HOME `id` $(id)",
    "QUOTE": "it's",
    "DOUBLE": 'say "so"',
    "MANY": "~;|<>*?[]()!{}^%",
    "LETTERS": "Café ☕",
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "sandbox.env"


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def test_a_shell_and_dotenv_read_the_same(file: Path) -> None:
    program = "import json, os, sys; json.dump({name: os.environ[name] for name in sys.argv[1:]}, sys.stdout)"
    with kept(file, ODD):
        source = ["sh", "-c", 'set -a; . "$0"; exec "$@"', str(file), sys.executable, "-c", program, *ODD]
        assert json.loads(subprocess.run(source, capture_output=True, text=True, check=True).stdout) == ODD
        assert dotenv_values(file) == ODD


@pytest.mark.parametrize("value", ['it\'s "so"', "two\nlines", "it's $HOME", "a\0", "${HOME}", "back\\slash 'n"])
def test_what_no_quotes_hold_is_refused_by_its_name_and_not_shown(value: str, file: Path) -> None:
    with pytest.raises(InputError, match="FB_REDIRECT_URI") as caught, kept(file, {"FB_REDIRECT_URI": value}):
        pass
    assert value not in str(caught.value)
    assert list(file.parent.iterdir()) == []


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o377])
def test_it_is_for_its_owner_alone_whatever_the_umask(mask: int, file: Path) -> None:
    with umask(mask), kept(file, ODD):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_it_goes_with_the_sandbox_whatever_ends_it(file: Path) -> None:
    def fail() -> None:
        assert os.listdir(file.parent) == [file.name]
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), kept(file, ODD):
        fail()
    assert os.listdir(file.parent) == []


def test_a_reader_never_sees_half_of_it(file: Path) -> None:
    seen, stop = set[int](), threading.Event()

    def read() -> None:
        while not stop.is_set():
            with suppress(FileNotFoundError):
                seen.add(len(file.read_bytes()))

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(100):
        with kept(file, {"A": "x" * 1_000_000}):
            pass
    stop.set()
    reader.join()
    assert len(seen) == 1


def test_what_an_earlier_run_left_is_replaced_and_anything_else_refused(file: Path) -> None:
    with kept(file, {"A": "1"}):
        left = file.read_bytes()
    file.write_bytes(left)
    with kept(file, {"A": "2"}):
        assert dotenv_values(file) == {"A": "2"}
    file.touch()  # as mktemp does
    with kept(file, {"A": "3"}):
        assert dotenv_values(file) == {"A": "3"}
    file.write_text("MINE=1\n")
    with pytest.raises(InputError, match="not the sandbox's"), kept(file, {"A": "4"}):
        pass
    assert file.read_text() == "MINE=1\n"


@pytest.mark.parametrize("content", [b"\n", b"\xff\xfe\x00", b"#" * 100])
def test_a_file_of_any_kind_is_safe(content: bytes, file: Path) -> None:
    file.write_bytes(content)
    with pytest.raises(InputError, match="not the sandbox's"), kept(file, ODD):
        pass
    assert file.read_bytes() == content


def test_a_folder_and_no_folder_are_refused(file: Path) -> None:
    for place, words in ((file.parent, "not the sandbox's"), (file / "in" / "x.env", "There is no folder")):
        with pytest.raises(InputError, match=words), kept(place, ODD):
            pass


def test_a_link_to_somebody_elses_file_leaves_that_alone(file: Path) -> None:
    other = file.with_name("other")
    other.write_text("MINE=1\n")
    file.symlink_to(other)
    with pytest.raises(InputError, match="not the sandbox's"), kept(file, ODD):
        pass
    assert (file.is_symlink(), other.read_text()) == (True, "MINE=1\n")
    other.unlink()
    with kept(file, {"A": "1"}):  # it leads nowhere now
        assert (file.is_symlink(), other.exists()) == (False, False)


def test_of_two_sandboxes_on_one_file_the_later_keeps_it(file: Path) -> None:
    with kept(file, {"A": "first"}):
        later = kept(file, {"A": "later"})
        later.__enter__()
    assert dotenv_values(file) == {"A": "later"}
    later.__exit__(None, None, None)
    assert not file.exists()
