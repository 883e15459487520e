"""Dated facts. Nothing in the world is a flag: what a token is worth is worked out from what had happened by then."""

from __future__ import annotations

from bisect import bisect_right, insort
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from operator import itemgetter
from typing import TypeVar

import msgspec


@dataclass(frozen=True, slots=True, order=True)
class Moment:
    """An instant, and the order of what happened within it: the clock may stand still while things happen."""

    at: datetime
    serial: int


@dataclass(frozen=True, slots=True)
class Grant:
    """What a person allows an app from here on. pages: ids ticked, None means all. Key: (person, app)."""

    granted: frozenset[str]
    declined: frozenset[str] = frozenset()
    pages: frozenset[str] | None = None
    auth_type: str = ""
    expired: frozenset[str] = frozenset()


NOTHING_GRANTED = Grant(frozenset(), frozenset(), frozenset())


class Ending(Enum):
    """Why sessions ended, with Graph's subcode and words."""

    PASSWORD_CHANGED = (
        460,
        "The session has been invalidated because the user changed their password or Facebook has changed the session for"
        " security reasons.",
    )
    INVALIDATED = (466, "The session was invalidated explicitly using an API call.")
    LOGGED_OUT = (467, "The session is invalid because the user logged out.")
    APP_REMOVED = (458, "The user has not authorized application {app}.")
    RESET = (
        452,
        "Session does not match current stored session. This may be because the user changed the password since the time the"
        " session was created or Facebook has changed the session for security reasons.",
    )
    SYSTEM_USER_DELETED = (465, "{gone}")


class Trouble(Enum):
    """What an account must first be helped out of, with Graph's subcode and words."""

    CHECKPOINT = (459, "You cannot access the app till you log in to www.facebook.com and follow the instructions given.")
    BLOCKED = (490, "The user is enrolled in a blocking, logged-in checkpoint")
    UNCONFIRMED = (464, "Sessions for the user are not allowed because the user is not a confirmed user.")


class Stop(Enum):
    """Why Graph serves an app no more, in its words."""

    BLOCKED = "API access blocked."
    DEACTIVATED = "API access deactivated. To reactivate, go to the app dashboard."


# Structs, for there are many sorts of facts, and each costs a start less than a dataclass does.


class SessionEnded(msgspec.Struct, frozen=True):
    """All tokens of a person made before this moment are dead: for one app (key (person, app)) or all (key (person, ""))."""

    why: Ending


class RoleChanged(msgspec.Struct, frozen=True):
    """A person's role on a Page from here on; "" is none. Key: (person, page)."""

    role: str


class TokenRevoked(msgspec.Struct, frozen=True):
    """One token was ended by an API call. Key: (its string, "")."""


class AppUsed(msgspec.Struct, frozen=True):
    """The person was there, in the dialog or in the app itself: data access is renewed. Key: (person, app)."""


class TwoFactorDemanded(msgspec.Struct, frozen=True):
    """The business lets only people with two-factor authentication act on its Pages. Key: (business, "")."""


class AccountTroubled(msgspec.Struct, frozen=True):
    """The account is questioned from here on, or with None no longer. Key: (person, "")."""

    why: Trouble | None


class CutShort(msgspec.Struct, frozen=True):
    """The token's time ran out at this moment, whatever it was issued for. Key: (its string, "")."""


class DataAccessEnded(msgspec.Struct, frozen=True):
    """The app may read no more of the person's data, until they are there again. Key: (person, app)."""


class Deleted(msgspec.Struct, frozen=True):
    """The Page, or the app, is gone from here on. Key: (its id, "")."""


class Hidden(msgspec.Struct, frozen=True):
    """The Page is unpublished or restricted from here on, or no longer. Key: (page, "")."""

    on: bool


class ModeChanged(msgspec.Struct, frozen=True):
    """The app's mode from here on. Key: (app, "")."""

    mode: str


class ProofRequired(msgspec.Struct, frozen=True):
    """Whether every call of the app must be signed, from here on. Key: (app, "")."""

    on: bool


class AppStopped(msgspec.Struct, frozen=True):
    """Graph serves the app no more, or with None again. Key: (app, "")."""

    why: Stop | None


class Happened(msgspec.Struct, frozen=True):
    """Something happened, in words. Key: ("", "")."""

    words: str


@dataclass(frozen=True, slots=True)  # no Struct: one would show the secret
class SecretReset:
    """The app's secret from here on. Key: (app, "")."""

    secret: str = field(repr=False)


Key = tuple[str, str]
F = TypeVar("F")
_moment = itemgetter(0)


def _at(entry: tuple[Moment, object]) -> datetime:
    return entry[0].at


@dataclass(slots=True)
class Facts:
    """All facts, indexed by their type and whom they concern, each index in order of time."""

    _index: dict[tuple[type, Key], list[tuple[Moment, object]]] = field(default_factory=dict)

    def add(self, moment: Moment, key: Key, fact: object) -> None:
        """Note a fact; its moment may lie ahead."""
        insort(self._index.setdefault((type(fact), key), []), (moment, fact), key=_moment)

    def latest(self, kind: type[F], key: Key, by: datetime) -> tuple[Moment, F] | None:
        """The last fact of this kind that had happened by then."""
        entries = self._entries(kind, key)
        end = bisect_right(entries, by, key=_at) if entries else 0
        return entries[end - 1] if end else None

    def all(self, kind: type[F], key: Key, by: datetime) -> list[tuple[Moment, F]]:
        """Every fact of this kind that had happened by then, oldest first."""
        entries = self._entries(kind, key)
        return entries[: bisect_right(entries, by, key=_at)] if entries else []

    def first_after(self, kind: type[F], key: Key, after: Moment) -> tuple[Moment, F] | None:
        """The first fact of this kind past a moment, however far ahead."""
        entries = self._entries(kind, key)
        start = bisect_right(entries, after, key=_moment) if entries else 0
        return entries[start] if start < len(entries) else None

    def _entries(self, kind: type[F], key: Key) -> list[tuple[Moment, F]]:
        # Most of what is asked for has never happened: that is found out with one look.
        return self._index.get((kind, key), [])  # type: ignore[return-value]

    def copy(self) -> Facts:
        return Facts({key: list(entries) for key, entries in self._index.items()})
