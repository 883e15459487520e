"""What commands print: plain columns for people, JSON for programs; never a token, and nothing that moves a terminal's cursor."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from fbnb.letter import one_line
from fbnb.redact import redact
from fbnb.store import StoredToken
from fbnb.tokens import Expiry, Never


def say(line: str) -> None:
    """Print a line, whatever letters the terminal or the log has: what it lacks is written as \\u2026."""
    _print(line, sys.stdout)


def warn(line: str) -> None:
    """The same where errors are told."""
    _print(f"fbnb: {line}", sys.stderr)


def _print(line: str, stream: Any) -> None:
    if stream is not None:  # as where it was closed
        encoding = stream.encoding or "utf-8"
        print(line.encode(encoding, errors="backslashreplace").decode(encoding), file=stream)


def say_json(facts: Mapping[str, Any]) -> None:
    """Print one object on a line of its own, in ASCII."""
    say(json.dumps(facts))


def columns(cells: Sequence[str], widths: Sequence[int]) -> str:
    """Cells below each other from line to line; the last takes what room it needs. Labels and reasons are others' words."""
    return "  ".join(f"{cell:<{width}}" for cell, width in zip(cells, (*widths, 0), strict=True)).rstrip()


def safe(text: str) -> str:
    """Somebody's words on one line, without controls and secrets."""
    return one_line(text)


def when(expiry: Expiry) -> str:
    """An expiry in sixteen letters at most, in UTC."""
    if expiry is None:
        return "not told"
    return "never" if isinstance(expiry, Never) else f"{expiry:%Y-%m-%d %H:%M}"


def iso(expiry: Expiry) -> str | None:
    """An expiry as JSON has it: ISO 8601, "never", or null where nobody said."""
    if expiry is None:
        return None
    return "never" if isinstance(expiry, Never) else expiry.isoformat()


def facts_of(stored: StoredToken) -> dict[str, Any]:
    """What is known of a stored token, by its fingerprint: nothing of the token itself, not even its hint."""
    return {
        "fingerprint": stored.fingerprint,
        "kind": stored.kind.value,
        "app_id": stored.app_id,
        "subject": stored.subject,
        "person": stored.person,
        "label": redact(stored.label),
        "expires_at": iso(stored.expires_at),
        "data_access_until": iso(stored.data_access_until),
        "last_checked": iso(stored.last_checked),
        "last_good": iso(stored.last_good),
    }
