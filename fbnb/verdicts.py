"""What to do about a stored token: worked out from what is known of it and the time, without asking anyone.

A token has two clocks, and they are kept apart: its own expiry, and the 90 days after which its person's data may no longer be
read. A renewal moves the first; only the person, by using the app again, moves the second.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from fbnb.catalogue import lasting_permissions
from fbnb.diagnosis import Cause
from fbnb.store.records import StoredToken, TokenState
from fbnb.tokens import Expiry, TokenKind, expired, expiry_in_words

RENEWED_BEFORE = timedelta(days=7)
"""A token of 60 days is renewed from its 53rd day on."""
_SPREAD = timedelta(days=2)
SOON = timedelta(days=14)
_OF_PEOPLE = {TokenKind.USER, TokenKind.PAGE}
_OF_ADMINS = {
    Cause.APP_CONFIG,
    Cause.APP_SECRET_OR_PROOF,
    Cause.BLOCKED_BY_POLICY,
    Cause.MISSING_PERMISSION,
    Cause.UNKNOWN_OBJECT,
    Cause.WRONG_APP,
}


class Next(StrEnum):
    """What to do next."""

    FINE = "fine"
    RENEW = "renew now"
    ASK_PERSON = "ask the person again"
    ASK_ADMIN = "ask an admin"
    WAIT = "wait"


class Clock(StrEnum):
    """Which of a token's two clocks."""

    TOKEN = "token"
    DATA_ACCESS = "data access"


@dataclass(frozen=True, slots=True)
class Verdict:
    """token: what the store knows. state: live, expired, dead or unknown. why: in words. do: what to do next.

    clock, ends: which of its clocks decided, and when that runs out or ran out; None: it does not, or nobody said.
    """

    token: StoredToken
    state: str
    why: str
    do: Next
    clock: Clock = Clock.TOKEN
    ends: datetime | None = None

    def __repr__(self) -> str:
        return f"Verdict({self.token.name}: {self.do}. {self.why})"

    @property
    def fine(self) -> bool:
        """Whether nobody has to do anything."""
        return self.do is Next.FINE


def verdict(stored: StoredToken, now: datetime) -> Verdict:
    """By what is stored of a token: how it stands, why, and what to do next."""
    if stored.state is TokenState.DEAD or expired(stored.expires_at, now):
        return _over(stored, now)
    due, access = _of_renewal(stored, now), _of_data_access(stored, now)
    if due and access:  # a renewal is no remedy for that, but goes on meanwhile
        return replace(due, why=f"{due.why} {access.why}")
    return due or access or _of_expiry(stored, now)


def by_each_clock(found: Verdict, now: datetime) -> list[Verdict]:
    """A verdict, and after it the one about data access that it stands before: where a renewal is due, or was refused."""
    if found.fine or found.state != "live" or found.clock is Clock.DATA_ACCESS:
        return [found]
    access = _of_data_access(found.token, now)
    return [found, access] if access else [found]


def readable(stored: StoredToken, now: datetime, scopes: Collection[str] = ()) -> bool:
    """Whether access to the person's data goes on, or the token, or what of its scopes is wanted, is for none."""
    reads = _reads_data(stored.scopes) and _reads_data(scopes or stored.scopes)
    return not (stored.kind in _OF_PEOPLE and reads and expired(stored.data_access_until, now))


def is_due(stored: StoredToken, now: datetime) -> bool:
    """Whether a token that can be renewed without anyone should be, by now: from day 53 of 60, or within two days of that.

    Tokens that were made together are not renewed together: each has a moment of its own in those two days.
    """
    if not isinstance(stored.expires_at, datetime) or not _renewable(stored):
        return False
    share = int(stored.fingerprint[:8], 16) / 0xFFFFFFFF
    return now >= stored.expires_at - RENEWED_BEFORE + share * _SPREAD


def _renewable(stored: StoredToken) -> bool:
    return stored.kind in {TokenKind.USER, TokenKind.SYSTEM_USER} or (stored.kind is TokenKind.PAGE and bool(stored.parent))


def _over(stored: StoredToken, now: datetime) -> Verdict:
    cause = stored.cause or Cause.EXPIRED
    state = "expired" if cause == Cause.EXPIRED else "dead"
    number = stored.why.partition(":")[0]  # Graph's words after it, with the time in them, are in token.why
    why = f"{Cause(cause).means} ({number})" if number else f"It {expiry_in_words(stored.expires_at)}."
    return Verdict(stored, state, why, who(stored, cause), ends=_instant(stored.expires_at) if state == "expired" else None)


def who(stored: StoredToken, cause: str = "") -> Next:
    """Whom to ask about a token. cause: of its death, as in `token.cause`."""
    can_grant = "must be granted" in stored.why  # a permission taken back, as opposed to a role that was
    of_person = stored.kind in _OF_PEOPLE and (can_grant or cause not in _OF_ADMINS)
    return Next.ASK_PERSON if of_person else Next.ASK_ADMIN


def _of_data_access(stored: StoredToken, now: datetime) -> Verdict | None:
    """Set where access to the person's data is over, or will be soon, and the token is for such data."""
    end = _instant(stored.data_access_until)
    if end is None or stored.kind not in _OF_PEOPLE or not _reads_data(stored.scopes) or end - now > SOON:
        return None
    over = "has ended on" if end <= now else "ends on"
    why = f"Access to the person's data {over} {end:%Y-%m-%d %H:%M} UTC; the token itself {expiry_in_words(stored.expires_at)}."
    return Verdict(stored, "live", why, Next.ASK_PERSON, Clock.DATA_ACCESS, end)


def _reads_data(scopes: Collection[str]) -> bool:
    """Whether any of these permissions ends with data access; those for Pages, ads and businesses go on."""
    asked = set(scopes) - {"public_profile"}
    return not asked or not asked <= lasting_permissions()


def _of_renewal(stored: StoredToken, now: datetime) -> Verdict | None:
    """Set where it is due: tried at each audit until it works, or the token has ended."""
    if not is_due(stored, now):
        return None
    why = " ".join(filter(None, (f"It {expiry_in_words(stored.expires_at)}, and a renewal is due.", stored.trouble)))
    return Verdict(stored, "live", why, Next.RENEW, ends=_instant(stored.expires_at))


def _of_expiry(stored: StoredToken, now: datetime) -> Verdict:
    end = _instant(stored.expires_at)
    soon = end is not None and end - now <= SOON and not _renewable(stored)
    why = (
        "It has no end of its own that Graph tells." if stored.expires_at is None else f"It {expiry_in_words(stored.expires_at)}."
    )
    return Verdict(stored, "live", why, who(stored) if soon else Next.FINE, ends=end)


def _instant(expiry: Expiry) -> datetime | None:
    return expiry if isinstance(expiry, datetime) else None
