"""A token as it is stored: everything that is known of it but the token itself, which stays encrypted beside it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from fbnb.tokens import NEVER, AccessToken, Expiry, GranularScope, TokenKind, expired

if TYPE_CHECKING:
    from sqlalchemy import RowMapping


class TokenState(StrEnum):
    """What Graph last said of a stored token. That its time has run out is no state: the clock says so."""

    UNCHECKED = "unchecked"
    LIVE = "live"
    DEAD = "dead"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True)
class StoredToken:
    """One stored token, without the token: `store.get` hands that out.

    fingerprint: SHA-256 of the token, its name in the store. hint: as much of it as may be shown. obtained: when it came to
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
    depth: int = field(default=0, compare=False)

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
        "label": token.label,
        "hint": token.hint,
        "obtained": int(now.timestamp()),
        "issued_at": epoch(token.issued_at),
        "expires_at": epoch(token.expires_at),
        "data_access_until": epoch(token.data_access_until),
        "expiry_source": "" if token.expires_at is None else "expires_in",
    }


def epoch(expiry: Expiry) -> int | None:
    """Epoch seconds; 0 for NEVER."""
    if expiry is None:
        return None
    return 0 if expiry is NEVER else int(expiry.timestamp())


def read(row: RowMapping) -> StoredToken:
    """A stored token from its row."""
    return StoredToken(
        fingerprint=row["fingerprint"],
        kind=TokenKind(row["kind"]),
        app_id=row["app_id"],
        subject=row["subject"],
        label=row["label"],
        hint=row["hint"],
        obtained=datetime.fromtimestamp(row["obtained"], UTC),
        issued_at=_instant(row["issued_at"]),
        expires_at=_expiry(row["expires_at"]),
        data_access_until=_expiry(row["data_access_until"]),
        expiry_source=row["expiry_source"],
        scopes=tuple(row["scopes"].split()),
        granular_scopes=_granular(row["granular_scopes"]),
        parent=row["parent"],
        made_by=row["made_by"],
        last_checked=_instant(row["last_checked"]),
        last_good=_instant(row["last_good"]),
        state=TokenState(row["state"]),
        cause=row["cause"],
        why=row["why"],
        strikes=row["strikes"],
        trouble=row["trouble"],
        successor=row["successor"],
    )


def _instant(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _expiry(seconds: int | None) -> Expiry:
    return NEVER if seconds == 0 else _instant(seconds)


def granular_text(scopes: tuple[GranularScope, ...]) -> str:
    """As they are stored: JSON pairs of a scope and its targets, null for all; "" for none."""
    return json.dumps([(scope.scope, scope.target_ids) for scope in scopes]) if scopes else ""


def _granular(text: str) -> tuple[GranularScope, ...]:
    pairs = json.loads(text) if text else ()
    return tuple(GranularScope(scope, None if targets is None else tuple(targets)) for scope, targets in pairs)
