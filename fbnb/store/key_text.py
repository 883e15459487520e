"""Fernet keys as they are kept: one a line, newest first."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

from cryptography.fernet import Fernet

from fbnb.redact import Secret

_KEY = re.compile(r"[\w-]{43}=", re.ASCII)


def keys_in(text: str | None) -> list[Secret]:
    return [Secret(line) for line in (text or "").split() if _KEY.fullmatch(line)]


def text_of(keys: Iterable[Secret]) -> str:
    return "\n".join(key.reveal() for key in keys)


def new_key() -> Secret:
    return Secret(Fernet.generate_key().decode())


def fingerprint(key: Secret) -> str:
    return hashlib.sha256(key.reveal().encode()).hexdigest()[:16]
