"""What `fbnb tokens` does: list what a store holds, take a token in, forget one, change the key."""

from __future__ import annotations

import getpass
import re
import sys
from collections.abc import Sequence
from datetime import datetime

from fbnb.commands.places import far_client, opened
from fbnb.commands.printed import columns, facts_of, iso, safe, say, say_json, when
from fbnb.errors import InputError
from fbnb.redact import Secret, redact
from fbnb.store import KeySource, StoredToken
from fbnb.tokens import AccessToken, TokenKind, expired

_WIDTHS = (12, 11, 20, 9, 16, 16)
_TITLES = ("FINGERPRINT", "KIND", "TOKEN", "STATE", "EXPIRES", "DATA ACCESS", "LABEL")
_LONGEST = 100_000  # bytes: no token is as long as that


def list_stored(place: str | None, *, replaced: bool = False, as_json: bool = False) -> None:
    """Print every stored token, without the token. replaced: those too that another has taken the place of."""
    with opened(place) as store:
        if not as_json:
            say(columns(_TITLES, _WIDTHS))
        for stored in store.tokens(replaced=replaced):
            if as_json:
                say_json(_facts(stored, store.now()))
            else:
                say(_line(stored, store.now()))


def _line(stored: StoredToken, now: datetime) -> str:
    ends = when(stored.expires_at), when(stored.data_access_until)
    cells = (stored.fingerprint[:12], stored.kind.value, stored.hint, _state(stored, now), *ends, safe(stored.label))
    return columns(cells, _WIDTHS)


def _facts(stored: StoredToken, now: datetime) -> dict[str, object]:
    return facts_of(stored) | {
        "state": _state(stored, now),
        "why": redact(stored.why),
        "scopes": stored.scopes,
        "obtained": iso(stored.obtained),
        "parent": stored.parent,
        "made_by": stored.made_by,
        "successor": stored.successor,
    }


def _state(stored: StoredToken, now: datetime) -> str:
    over = stored.state in {"live", "unchecked"} and expired(stored.expires_at, now)
    return "expired" if over else stored.state.value


def add_token(place: str | None, *, kind: str | None = None, label: str = "", scopes: Sequence[str] = ()) -> None:
    """Take in the token that is typed, or piped, once Graph has said that it works.

    Raises TokenRefused, with the remedy in words. InputError: no token. Nothing is asked that Graph is not reached for.
    """
    for told in (label, *scopes):
        _check_no_token(told)
    wanted = TokenKind(kind.upper()) if kind else None
    scopes = [scope for told in scopes for scope in told.split(",")]  # as the dialog has them
    with far_client() as client:
        token = _token(wanted, label)  # first, so that one which is none begins no store
        with opened(place, client=client, make=True) as store:
            stored = store.admit(token, kind=wanted, scopes=scopes)
            say(f"Stored {_called(stored)}, which expires: {when(stored.expires_at)}.")


def _check_no_token(told: str) -> None:
    if redact(told) != told or len(told) > 200:
        raise token_in_argument()


def token_in_argument() -> InputError:
    """What to say where a token was typed into the command itself; it is not repeated."""
    return InputError(
        "A token is not taken as an argument: the shell's history keeps it, and every user's list of processes shows it.",
        remedy="Run fbnb tokens add and paste it, or pipe it in. If it was a real one, make it invalid.",
    )


def _token(kind: TokenKind | None, label: str) -> AccessToken:
    pasted = _pasted()
    piped = "|" in pasted.reveal()
    return AccessToken.of(pasted.reveal(), kind or (TokenKind.APP if piped else TokenKind.USER), label=label)


def _pasted() -> Secret:
    """Raises InputError: nobody typed anything."""
    if sys.stdin is None:  # it was closed
        return Secret("")
    if not sys.stdin.isatty():
        return Secret(sys.stdin.buffer.read(_LONGEST).decode(errors="replace").strip())
    try:
        return Secret(getpass.getpass("The access token (it is not shown): ").strip())
    except EOFError:  # Ctrl-D
        return Secret("")


def _called(stored: StoredToken) -> str:
    label = f" ({safe(stored.label)})" if stored.label else ""
    return f"the {stored.kind} token {stored.hint}{label}, fingerprint {stored.fingerprint[:12]}"


def forget_token(place: str | None, fingerprint: str) -> None:
    """Delete a stored token by the beginning of its fingerprint. Raises InputError: that is none, or of none, or of several."""
    if not re.fullmatch("[0-9a-fA-F]{8,64}", fingerprint):  # and it is not repeated: it may be the token itself
        raise InputError("That is not a fingerprint.", remedy="fbnb tokens list shows them; its first eight characters will do.")
    with opened(place) as store:
        say(f"Forgot {_called(store.forget(fingerprint))}. Graph was not told: it works for whoever has it until it ends.")


def rotate_key(place: str | None) -> None:
    """Encrypt a store with a new key; one that has a passphrase asks for a new one."""
    with opened(place) as store:
        count = store.rotate()
        say(f"{count} token{'s are' if count != 1 else ' is'} encrypted with a new key, and the old one opens nothing any more.")
        if store.vault.key.source is KeySource.PASSPHRASE:
            say("From now on FBNB_STORE_PASSPHRASE is the new passphrase.")
