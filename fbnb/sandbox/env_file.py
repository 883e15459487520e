"""A file of variables for other programs: whole or not there at all, for its owner alone, and gone when the sandbox is."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from fbnb.errors import InputError

_MARK = "# Written by fbnb sandbox, for as long as it runs."


def clear(file: Path) -> None:
    """Remove what an earlier run left there, so that nobody takes it for this one's. Raises InputError: it is no such file."""
    if not file.parent.is_dir():
        raise InputError(f"There is no folder {file.parent}.", remedy="Make it, or choose another --env-file.")
    if not file.exists():
        return
    if not file.is_file() or not file.read_bytes().startswith(_MARK.encode()):
        raise InputError(f"{file} is there already, and is not the sandbox's.", remedy="Choose another --env-file.")
    file.unlink()


@contextmanager
def kept(file: Path, variables: Mapping[str, str]) -> Iterator[None]:
    """Write the file, all at once, and remove it afterwards."""
    text = "\n".join([_MARK, *(f"{name}={value}" for name, value in variables.items()), ""])
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")  # 0600 from the beginning
    try:
        with os.fdopen(descriptor, "w") as written:
            written.write(text)
        os.replace(name, file)
        yield
    finally:
        for left in (Path(name), file):
            left.unlink(missing_ok=True)
