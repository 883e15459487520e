"""A key in the keyring of the operating system."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import TypeVar

from fbnb.errors import StoreError, WrongKey
from fbnb.redact import Secret
from fbnb.store.key_text import keys_in, new_key, text_of

SERVICE = "fbnb"
_ELSE = "Unlock it, or begin a store whose key is a passphrase or a file."
UNLOCK = "Unlock the keyring of the user who made this store, and run as that user."
T = TypeVar("T")


def first_in_keyring(name: str) -> tuple[list[Secret], str]:
    keys = in_keyring(lambda ring: keys_in(ring.get_password(SERVICE, name)), StoreError)
    if not keys:
        keys = [new_key()]
        put_in_keyring(name, keys)
    return keys, name


def put_in_keyring(user: str, keys: list[Secret]) -> None:
    """Keep the keys, and see that they come back; if not, what was there is put back. Raises StoreError."""

    def put(ring: ModuleType) -> bool:
        before = keys_in(ring.get_password(SERVICE, user))
        ring.set_password(SERVICE, user, text_of(keys))
        kept = keys_in(ring.get_password(SERVICE, user)) == keys
        if before and not kept:
            ring.set_password(SERVICE, user, text_of(before))
        return kept

    if not in_keyring(put, StoreError):
        raise StoreError("The keyring does not give back what it was given.", remedy=_ELSE)


def in_keyring(act: Callable[[ModuleType], T], kind: type[StoreError]) -> T:
    """What `act` gets of the keyring. A backend raises what it likes, with keys in its frames: of that, the name is told."""
    error: BaseException
    try:
        import keyring

        return act(keyring)
    except Exception as problem:  # noqa: BLE001 - as said above
        error = kind(f"The keyring cannot be used ({type(problem).__name__}).", remedy=UNLOCK if kind is WrongKey else _ELSE)
    except KeyboardInterrupt:  # while it waits to be unlocked
        error = KeyboardInterrupt()
    raise error
