"""What `fbnb explain` does: read an error from a file or a pipe, and print what it means."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

from fbnb.diagnosis import diagnose
from fbnb.errors import InputError
from fbnb.redact import redact


def explain(file: str, where: str | None = None, status: int | None = None, *, as_json: bool = False) -> None:
    """Print what the error in a file means; `-` is standard input. Raises InputError: no file, an empty one. OSError."""
    if "\0" in file:
        raise InputError("That is not the name of a file.", remedy="Paste the error itself, or pipe it in.")
    if file != "-" and not Path(file).exists():
        remedy = "To explain a text, run fbnb explain and paste it, or pipe it in."
        raise InputError(f"There is no file {redact(file)[:100]!r}.", remedy=remedy)
    pasted = _standard_input() if file == "-" else Path(file).read_bytes()
    if not pasted.strip():
        raise InputError("There is nothing to explain.", remedy="Paste an error, or name a file that holds one.")
    found = diagnose(pasted, where=where, http_status=status)
    text = json.dumps({"means": found.cause.means, **asdict(found)}, indent=1, ensure_ascii=False) if as_json else str(found)
    encoding = sys.stdout.encoding or "utf-8"  # what it has no letter for is written as JSON writes it, such as \u2026
    print(text.encode(encoding, errors="backslashreplace").decode(encoding), flush=True)  # noqa: T201 - as above


def _standard_input() -> bytes:
    if sys.stdin and sys.stdin.isatty():
        print("Paste the error, then press Enter and Ctrl-D (Ctrl-Z, Enter on Windows).", file=sys.stderr)  # noqa: T201
    return sys.stdin.buffer.read() if sys.stdin else b""  # none, where it was closed
