"""A key worked out from a passphrase, which is given, set in the environment, or asked for."""

from __future__ import annotations

import base64
import getpass
import hashlib
import os
import sys
import unicodedata

from fbnb.errors import InputError, WrongKey
from fbnb.redact import ELLIPSIS, Secret
from fbnb.settings import variable as found

PASSPHRASE = "FBNB_STORE_PASSPHRASE"
NEW_PASSPHRASE = "FBNB_STORE_NEW_PASSPHRASE"
GIVE = f"Set {PASSPHRASE} to the passphrase this store was made with."
_SHORTEST = 8


def derived_again(salt: str, passphrase: Secret | None) -> list[Secret]:
    """The key of a store's passphrase, given or asked for. Raises WrongKey: nobody gave it."""
    if (told := _passphrase(passphrase, PASSPHRASE, "Passphrase of the token store: ")) is None:
        raise WrongKey("This store has a passphrase, and nobody gave it.", remedy=GIVE)
    bare = _bare(told)  # and what a store was made with before spaces around it counted for nothing
    return [derived(bare, salt), *([] if bare.reveal() == told.reveal() else [derived(told, salt)])]


def derived(passphrase: Secret, salt: str) -> Secret:
    """A Fernet key by scrypt, which takes 32 MiB and a tenth of a second. Keyboards spell é in two ways; both are one."""
    return Secret(
        base64.urlsafe_b64encode(
            hashlib.scrypt(
                unicodedata.normalize("NFC", passphrase.reveal()).encode(errors="surrogatepass"),
                salt=salt.encode(),
                n=2**15,
                r=8,
                p=1,
                maxmem=2**26,
                dklen=32,
            )
        ).decode()
    )


def new_passphrase(given: Secret | None, variable: str) -> Secret:
    told = _passphrase(given, variable, "A new passphrase for the token store: ")
    told = told and _bare(told)
    if told is None:
        raise InputError("There is no passphrase to make a key of.", remedy=f"Set {variable}, or run this in a terminal.")
    if len(told.reveal()) < _SHORTEST:
        raise InputError("The passphrase is too short.", remedy=f"Give one of {_SHORTEST} characters or more.")
    again = told if given is not None or is_set(variable) else _asked("The same again: ")
    if again is None or _bare(again).reveal() != told.reveal():
        raise InputError("The two passphrases are not the same.", remedy="Type one, then the same again.")
    return told


def _bare(passphrase: Secret) -> Secret:
    """Without the spaces around it, which a variable loses too."""
    return Secret(passphrase.reveal().strip(), shown=ELLIPSIS)


def _passphrase(given: Secret | None, variable: str, question: str) -> Secret | None:
    if given is not None:
        return given
    if is_set(variable):
        return found(variable)
    return _asked(question) if at_terminal() else None


def _asked(question: str) -> Secret | None:
    try:
        return Secret(getpass.getpass(question))
    except EOFError:  # Ctrl-D
        return None


def is_set(name: str) -> bool:
    """Whether a variable is there, be it empty: that is a passphrase too, and a bad one."""
    return name in os.environ or bool(found(name))


def at_terminal() -> bool:
    return sys.stdin is not None and not sys.stdin.closed and sys.stdin.isatty()
