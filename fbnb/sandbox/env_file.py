"""A file of variables for other programs: whole or not there at all, for its owner alone, and gone when the sandbox is."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from fbnb.errors import InputError

_MARK = "# Written by fbnb sandbox, for as long as it runs.\n"
_BARE = re.compile(r"[\w@%+=:,./|-]*", re.ASCII)
_NOT_INSIDE = {"'": "'\\", '"': '"\\$`'}
"""What a shell or python-dotenv takes for something else between such quotes."""


@contextmanager
def kept(file: Path, variables: Mapping[str, str]) -> Iterator[None]:
    """Write the file, all at once, and remove it afterwards, unless it is a later sandbox's by then.

    An empty file, and what an earlier sandbox left, are replaced. Raises InputError: no folder, a file that is
    no sandbox's, or a value that no such file can hold.
    """
    _check(file)
    text = _MARK + "".join(f"{name}={_quoted(name, value)}\n" for name, value in variables.items())
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as written:
            written.write(text)
        os.chmod(name, 0o600)  # so it was all along, but for an umask that takes from its owner too
        os.replace(name, file)
        yield
    finally:
        Path(name).unlink(missing_ok=True)
        if file.is_file() and _text(file) == text:
            file.unlink()


def _check(file: Path) -> None:
    if not file.parent.is_dir():
        raise InputError(f"There is no folder {file.parent}.", remedy="Make it, or choose another --env-file.")
    if file.exists() and not (file.is_file() and _text(file)[: len(_MARK)] in {"", _MARK}):
        raise InputError(f"{file} is there already, and is not the sandbox's.", remedy="Choose another --env-file.")


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace")


def _quoted(name: str, value: str) -> str:
    """A value that a shell and python-dotenv read alike."""
    if _BARE.fullmatch(value):
        return value
    for mark, unfit in _NOT_INSIDE.items():
        if value.isprintable() and "${" not in value and not set(unfit) & set(value):
            return f"{mark}{value}{mark}"
    raise InputError(f"No file of variables can hold {name} as it is in this world.", remedy="Change it there, or use --json.")
