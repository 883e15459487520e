"""One token held fast: while it is, nobody else changes it, and what is done to it is done whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, bindparam, select

from fbnb.store.records import Row, StoredToken, epoch
from fbnb.store.schema import notices
from fbnb.tokens import AccessToken

if TYPE_CHECKING:
    from fbnb.store.token_store import TokenStore

_SAID = (
    select(notices.c.rung)
    .where(notices.c.fingerprint == bindparam("name"), notices.c.about == bindparam("about"), notices.c.ends == bindparam("end"))
    .where(notices.c.rung.in_(bindparam("rungs", expanding=True)))
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Hold:
    """A token, as it stood when it was taken hold of."""

    store: TokenStore
    connection: Connection
    stored: StoredToken

    def change(self, **columns: Any) -> None:
        """Set some of what is known of it."""
        self.store.change(self.connection, self.stored.fingerprint, **columns)

    def promote(self, new: AccessToken, found: Row, made_by: str) -> None:
        """Let another token take its place, under its label. found: what debug_token said of the new one."""
        origin = {"parent": self.stored.fingerprint, "made_by": made_by}
        row = self.store.row(new.labelled(self.stored.label), self.stored.app_id) | found | origin
        self.store.insert(self.connection, [row])
        self.store.change(self.connection, new.fingerprint, **found, **origin)  # where it was there already
        self.store.replace(self.connection, self.stored.fingerprint, new.fingerprint)

    def say_once(self, about: str, ends: datetime | None, rungs: Sequence[str], at: datetime) -> bool:
        """Mark the first of these rungs as said; returns whether none of them had been, for this end of this clock."""
        name, end = self.stored.fingerprint, epoch(ends) or 0
        if self.connection.execute(_SAID, {"name": name, "about": about, "end": end, "rungs": rungs}).first():
            return False
        row = {"fingerprint": name, "about": about, "ends": end, "rung": rungs[0], "said": int(at.timestamp())}
        self.connection.execute(notices.insert(), [row])
        return True
