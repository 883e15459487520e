"""The key that stored tokens are encrypted with: made once, found again by the store's own record, and replaced.

A source keeps Fernet keys, one a line, newest first: while tokens move from one key to the next, both lie there. No error is
raised from a frame that has a key or a passphrase in clear.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from cryptography.fernet import Fernet, MultiFernet

from fbnb.errors import InputError, StoreError, WrongKey
from fbnb.redact import Secret
from fbnb.store.key_file import first_in_file, in_file, key_path, put_back, put_in_file, sweep
from fbnb.store.key_ring import SERVICE, UNLOCK, first_in_keyring, in_keyring, put_in_keyring
from fbnb.store.key_text import fingerprint, keys_in, new_key
from fbnb.store.passphrase import GIVE, NEW_PASSPHRASE, PASSPHRASE, at_terminal, derived, derived_again, is_set, new_passphrase


class KeySource(StrEnum):
    """Where a key comes from."""

    KEYRING = "keyring"
    PASSPHRASE = "passphrase"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """What a database keeps of its key; nothing of it is secret.

    place: in the keyring, the user name under service `fbnb`; of a file, its path, or "" where it lies beside the database, and
    so moves with it. salt: hex, for scrypt. fingerprint: the first 16 hex digits of the key's SHA-256.
    """

    source: KeySource
    place: str
    salt: str
    fingerprint: str


def make_key(
    name: str, beside: Path | None, *, source: KeySource | None = None, passphrase: Secret | None = None
) -> tuple[KeyRecord, MultiFernet]:
    """Make the first key of a store and keep it: in the OS keyring, else under a passphrase, else in a file.

    name: the store's. beside: its database, where that is a file. A key that is already where this one would go is used: an
    earlier try, or another program a moment ago, got that far.
    Raises InputError: a passphrase that will not do. StoreError: the source keeps no key. WrongKey: it keeps something else.
    """
    if passphrase is not None and source not in {None, KeySource.PASSPHRASE}:
        raise InputError(f"A passphrase is no use to a key that a {source} keeps.", remedy="Leave one of the two out.")
    if source is None and passphrase is None:
        with suppress(StoreError):
            return make_key(name, beside, source=KeySource.KEYRING)
        source = KeySource.PASSPHRASE if is_set(PASSPHRASE) or at_terminal() else KeySource.FILE
    if source in {None, KeySource.PASSPHRASE}:
        record, key = _of_passphrase(new_passphrase(passphrase, PASSPHRASE))
        return record, _cipher([key])
    keys, place = first_in_keyring(name) if source is KeySource.KEYRING else first_in_file(name, beside)
    return KeyRecord(source, place, "", fingerprint(keys[0])), _cipher(keys)


def load_key(record: KeyRecord, beside: Path | None, *, passphrase: Secret | None = None) -> MultiFernet:
    """The key that a store was encrypted with, and for reading whatever lies beside it. It never writes.

    passphrase: else FBNB_STORE_PASSPHRASE, else the person at the terminal is asked. Raises WrongKey, with the remedy.
    """
    return _cipher(_held(record, beside, passphrase))


def next_key(
    record: KeyRecord, beside: Path | None, current: MultiFernet, *, passphrase: Secret | None = None
) -> tuple[KeyRecord, MultiFernet]:
    """Keep a new key where the old one is, beside it: the first step of a rotation. It encrypts; both read.

    passphrase: the new one, else FBNB_STORE_NEW_PASSPHRASE, else the person is asked twice. Hold the database's write lock: of
    two rotations at once, one would write over the other's key. Raises InputError, WrongKey, StoreError.
    """
    if record.source is KeySource.PASSPHRASE:
        record, key = _of_passphrase(new_passphrase(passphrase, NEW_PASSPHRASE))
    elif passphrase is not None:
        raise InputError(f"A passphrase is no use to a key that a {record.source} keeps.", remedy="Rotate without one.")
    else:
        key = new_key()
        _keep(record, beside, [key, *_held(record, beside)])
        record = replace(record, fingerprint=fingerprint(key))
    return record, also(_cipher([key]), current)


def retire_keys(record: KeyRecord, beside: Path | None) -> None:
    """Drop every key but the record's from its source: the last step of a rotation, once nothing needs the others.

    Raises WrongKey: the source lacks the one to keep; nothing is dropped. StoreError: it cannot be written to.
    """
    if record.source is not KeySource.PASSPHRASE:
        first, *others = _held(record, beside)
        if others:
            _keep(record, beside, [first])
    if record.source is KeySource.FILE:
        sweep(key_path(record.place, beside))


def _held(record: KeyRecord, beside: Path | None, passphrase: Secret | None = None) -> list[Secret]:
    """The keys in the record's source, the record's first."""
    if record.source is KeySource.PASSPHRASE:
        keys = derived_again(record.salt, passphrase)
    elif record.source is KeySource.KEYRING:
        keys = in_keyring(lambda ring: keys_in(ring.get_password(SERVICE, record.place)), WrongKey)
    else:
        keys = in_file(key_path(record.place, beside))
    keys.sort(key=lambda key: fingerprint(key) != record.fingerprint)
    if not keys or fingerprint(keys[0]) != record.fingerprint:
        raise _wrong(record, beside)
    return keys


def _wrong(record: KeyRecord, beside: Path | None) -> WrongKey:
    if record.source is KeySource.PASSPHRASE:
        return WrongKey("The passphrase is not the one this store was made with.", remedy=GIVE)
    if record.source is KeySource.KEYRING:
        return WrongKey(f"The keyring (service {SERVICE}, user {record.place}) has no key that fits this store.", remedy=UNLOCK)
    path = key_path(record.place, beside)
    return WrongKey(f"The key file {path} has no key that fits this store.", remedy=put_back(path))


def _keep(record: KeyRecord, beside: Path | None, keys: list[Secret]) -> None:
    if record.source is KeySource.KEYRING:
        put_in_keyring(record.place, keys)
    else:
        put_in_file(key_path(record.place, beside), keys, os.replace)


def also(first: MultiFernet, second: MultiFernet) -> MultiFernet:
    """One that encrypts with the first, and reads what either has encrypted."""
    return MultiFernet([*first._fernets, *second._fernets])  # which have no public name, and it takes no MultiFernet


def _cipher(keys: Iterable[Secret]) -> MultiFernet:
    return MultiFernet([Fernet(key.reveal()) for key in keys])


def _of_passphrase(passphrase: Secret) -> tuple[KeyRecord, Secret]:
    salt = secrets.token_hex(16)
    key = derived(passphrase, salt)
    return KeyRecord(KeySource.PASSPHRASE, "", salt, fingerprint(key)), key
