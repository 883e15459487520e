"""A token as it is stored: everything that is known of it but the token itself, which stays encrypted beside it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import msgspec

from fbnb.errors import InputError, RowDamaged
from fbnb.redact import ELLIPSIS, redact
from fbnb.tokens import NEVER, AccessToken, Expiry, GranularScope, TokenKind, expired


class TokenState(StrEnum):
    """What Graph last said of a stored token. That its time has run out is no state: the clock says so."""

    UNCHECKED = "unchecked"
    LIVE = "live"
    DEAD = "dead"
    REPLACED = "replaced"


class StoredToken(msgspec.Struct, frozen=True, gc=False):
    """One stored token, without the token: `store.get` hands that out.

    fingerprint: SHA-256 of the token, its name in the store. subject: the id of whom it acts for, a person, a Page or a system
    user. person: the id of who granted it, of a Page token too. hint: as much of it as may be shown. obtained: when it came to
    us. expires_at, data_access_until: its two clocks, each an expiry of its own. expiry_source: who told when it ends:
    `debug_token`, `expires_in`, or "" for nobody. parent, made_by: the fingerprint of the token it was made with, and the
    call. last_checked: when debug_token was asked last; last_good: when it last said that the token works. cause, why: of its
    death, a `Cause` and words. strikes: how many calls in a row met 190. trouble: why it was not renewed when it was due.
    successor: the fingerprint of the token that replaced it. All times are aware UTC.
    """

    fingerprint: str
    kind: TokenKind
    app_id: str
    subject: str
    person: str
    label: str
    hint: str
    obtained: datetime
    issued_at: datetime | None = None
    expires_at: Expiry = None
    data_access_until: Expiry = None
    expiry_source: str = ""
    scopes: tuple[str, ...] = ()
    granular_scopes: tuple[GranularScope, ...] = ()
    parent: str = ""
    made_by: str = ""
    last_checked: datetime | None = None
    last_good: datetime | None = None
    state: TokenState = TokenState.UNCHECKED
    cause: str = ""
    why: str = ""
    strikes: int = 0
    trouble: str = ""
    successor: str = ""
    depth: int = 0

    def __repr__(self) -> str:
        return f"StoredToken({self.kind} {self.hint} {self.label!r}, {self.state})"

    @property
    def name(self) -> str:
        """What to call it in a sentence."""
        return self.label or f"{self.kind} token {self.hint}"

    def works(self, now: datetime) -> bool:
        """Whether, by all that is stored, it works at an instant; only Graph knows what has happened to it since."""
        return self.state in {TokenState.LIVE, TokenState.UNCHECKED} and not expired(self.expires_at, now)


Row = dict[str, Any]


def new_row(token: AccessToken, app_id: str, now: datetime) -> Row:
    """The row of a token of which no more is known than itself: what is not in it begins at its column's default."""
    return {
        "fingerprint": token.fingerprint,
        "kind": token.kind.value,
        "app_id": app_id,
        "subject": token.subject,
        "label": clean(token.label),
        "hint": token.hint,
        "obtained": int(now.timestamp()),
        "issued_at": epoch(token.issued_at),
        "expires_at": epoch(token.expires_at),
        "data_access_until": epoch(token.data_access_until),
        "expiry_source": "" if token.expires_at is None else "expires_in",
    }


def clean(text: str) -> str:
    """A text as it may be stored: no secret in it, and nothing that a database does not take."""
    return redact(text).encode(errors="replace").decode().replace("\0", "")


def as_stored(value: Any) -> Any:
    """A value as it is stored in its column. Raises InputError: a time without a zone."""
    if value is NEVER or isinstance(value, datetime):
        return epoch(value)
    return clean(value) if isinstance(value, str) and not _HEX.fullmatch(value) else value


def epoch(expiry: Expiry) -> int | None:
    """Epoch seconds; 0 for NEVER. Raises InputError: a time without a zone."""
    if expiry is None or expiry is NEVER:
        return None if expiry is None else 0
    if expiry.tzinfo is None:
        raise InputError(f"{expiry} is in no time zone.", remedy="Give it one, such as tzinfo=UTC.")
    return min(max(int(expiry.timestamp()), 1), _LAST)


FIELDS = StoredToken.__struct_fields__[:-1]
"""The columns that a stored token is read from, in its order."""
_HEX = re.compile("[0-9a-f]{64}")  # a fingerprint, which looks like a secret
_LAST = 253402300799  # seconds: the end of the year 9999
_KINDS = {kind.value: kind for kind in TokenKind}
_STATES = {state.value: state for state in TokenState}


def read(row: Sequence[Any]) -> StoredToken:
    """A stored token from the values of its columns, in the order of FIELDS. Raises RowDamaged: one of them cannot be right."""
    try:
        return _read(row)
    except (KeyError, ValueError, TypeError, AttributeError, OverflowError, OSError):
        problem = RowDamaged(f"What is stored of the token {str(row[0])[:12]} is not what was stored.")
    raise problem


def _read(row: Sequence[Any]) -> StoredToken:
    fingerprint, kind, app_id, subject, person, label, hint, *times = row[:11]
    source, scopes, granular, parent, made_by, checked, good, state, *rest = row[11:]
    return StoredToken(
        fingerprint,
        _KINDS[kind],
        app_id,
        subject,
        person,
        label,
        hint,
        _instant(times[0]),
        _instant(times[1]),
        _expiry(times[2]),
        _expiry(times[3]),
        source,
        tuple(scopes.split()),
        _granular(granular) if granular else (),
        parent,
        made_by,
        _instant(checked),
        _instant(good),
        _STATES[state],
        *rest,
    )


def merged(row: Row) -> StoredToken:
    """A stored token from a row by its columns' names."""
    return read([row[name] for name in FIELDS])


def read_or_name(row: Sequence[Any]) -> StoredToken:
    """As `read`; but of a row that cannot be read the token's fingerprint and its app's id, so that a list goes on."""
    try:
        return read(row)
    except RowDamaged:
        return damaged_row(str(row[0]), str(row[2]))


def damaged_row(fingerprint: str, app_id: str = "") -> StoredToken:
    """What can be said of a token whose row cannot be read."""
    epoch_start = datetime.fromtimestamp(0, UTC)
    return StoredToken(fingerprint, TokenKind.USER, app_id, "", "", "damaged row", ELLIPSIS, epoch_start)


def _instant(seconds: int | None) -> Any:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _expiry(seconds: int | None) -> Expiry:
    return NEVER if seconds == 0 else _instant(seconds)


def granular_text(scopes: tuple[GranularScope, ...]) -> str:
    """As they are stored: JSON pairs of a scope and its targets, null for all; "" for none."""
    return json.dumps([(scope.scope, scope.target_ids) for scope in scopes]) if scopes else ""


def _granular(text: str) -> tuple[GranularScope, ...]:
    pairs = json.loads(text)
    return tuple(GranularScope(scope, None if targets is None else tuple(targets)) for scope, targets in pairs)
