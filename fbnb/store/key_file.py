"""A key in a file of its own, which only its owner can read, written whole or not at all."""

from __future__ import annotations

import glob
import os
import shlex
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from platformdirs import user_config_path

from fbnb.errors import StoreError, WrongKey
from fbnb.redact import Secret
from fbnb.store.key_text import keys_in, new_key, text_of


def key_path(place: str, beside: Path | None) -> Path:
    """Where the file is. Raises WrongKey: beside a database that is elsewhere."""
    if not place and beside is None:
        raise WrongKey("The key file lies beside the database this store was copied from.", remedy="Open that one.")
    return Path(place or f"{beside}.key")


def put_back(path: Path) -> str:
    return f"Put this store's key file back at {path}, mode 0600."


def first_in_file(name: str, beside: Path | None) -> tuple[list[Secret], str]:
    path = Path(f"{beside}.key") if beside else user_config_path("fbnb") / f"{name}.key"
    with suppress(OSError):  # what is the matter is told when the file cannot be written
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    put_in_file(path, [new_key()], unless_there)
    if not (keys := in_file(path)):
        raise WrongKey(f"{path} is there already, and holds no key.", remedy="Move it away.")
    return keys, "" if beside else str(path)


def in_file(path: Path) -> list[Secret]:
    """The keys in a file. Raises WrongKey: it cannot be read, or by too many."""
    try:
        with path.open("rb") as file:
            mode, keys = os.fstat(file.fileno()).st_mode, keys_in(file.read(100_000).decode("ascii", "replace"))
    except OSError as problem:
        error = WrongKey(f"The key file {path} cannot be read: {_reason(problem)}.", remedy=put_back(path))
    else:
        if os.name != "posix" or not mode & 0o077:
            return keys
        remedy = f"chmod 600 {shlex.quote(str(path))}, and rotate the key if someone may have read it."
        error = WrongKey(f"The key file {path} can be read by others (mode {mode & 0o777:04o}).", remedy=remedy)
    raise error


def put_in_file(path: Path, keys: list[Secret], put: Callable[[str, Path], None]) -> None:
    """Write the file whole or not at all. put: `os.replace` or `unless_there`. Raises StoreError."""
    path = Path(os.path.realpath(path))  # of a link, what it leads to
    try:
        with _written(path, keys) as name:
            put(name, path)
        _sync(path.parent)
    except OSError as problem:
        remedy = "Make its folder one that you can write to, or use a passphrase."
        error = StoreError(f"The key file {path} cannot be written: {_reason(problem)}.", remedy=remedy)
    else:
        return
    raise error


def unless_there(name: str, path: Path) -> None:
    with suppress(FileExistsError):  # of two programs at once, both go on with the key of the first
        os.link(name, path)


@contextmanager
def _written(path: Path, keys: list[Secret]) -> Iterator[str]:
    """A file beside `path` with the keys in it, on the disk for certain; gone afterwards."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(f"{text_of(keys)}\n")
            file.flush()
            os.fsync(descriptor)
        os.chmod(name, 0o600)  # so it was all along, but for an umask that takes from its owner too
        yield name
    finally:
        Path(name).unlink(missing_ok=True)


def sweep(path: Path) -> None:
    """Remove what writers that were killed left beside a key file: keys that may be retired by now."""
    path = Path(os.path.realpath(path))
    for stray in path.parent.glob(f".{glob.escape(path.name)}.*"):
        stray.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    """Bring the file's name to the disk too, where folders can be synced."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _reason(problem: OSError) -> str:
    return problem.strerror or type(problem).__name__
