"""The sandbox's one changing thing: a World of apps, people and Pages, with a clock, dated facts, and what it handed out."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from fbnb.clock import ManualClock, ShiftedClock
from fbnb.errors import InputError
from fbnb.sandbox.defaults import Defaults
from fbnb.sandbox.facts import NOTHING_GRANTED, F, Fact, Facts, Grant, Key, Moment, PageDeleted, RoleChanged, SecretReset
from fbnb.sandbox.seed import App, PageSeed, Person, Seed
from fbnb.tokens import Expiry, TokenKind

N = TypeVar("N", Person, PageSeed)


@dataclass(frozen=True, slots=True)
class TokenRecord:
    """A token the world handed out. parent: the string it came from; call: what made it. Its state is not here: see judge."""

    value: str = field(repr=False)
    kind: TokenKind
    app: str
    issued: Moment
    expires_at: Expiry
    call: str
    person: str = ""
    page: str = ""
    parent: str = field(default="", repr=False)
    long_lived: bool = False
    auth_type: str = ""


@dataclass(frozen=True, slots=True)
class CodeRecord:
    """A login code. used: the moment of its one exchange, None before."""

    app: str
    person: str
    redirect_uri: str
    issued: Moment
    auth_type: str = ""
    code_challenge: str = ""
    challenge_method: str = ""
    used: Moment | None = None


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A whole world at one moment: `world.rewind` restores it exactly."""

    now: datetime
    facts: Facts = field(repr=False)
    tokens: dict[str, TokenRecord] = field(repr=False)
    codes: dict[str, CodeRecord] = field(repr=False)
    counters: dict[str, int] = field(repr=False)
    defaults: Defaults = field(repr=False)
    apps: dict[str, App] = field(repr=False)


class World:
    """All state of a sandbox, behind one lock. Same seed and same calls give the same tokens, ids and trace ids."""

    def __init__(self, seed: Seed, clock: ManualClock | ShiftedClock | None = None) -> None:
        self.seed, self.defaults = seed, seed.defaults
        self.clock = clock or ManualClock(seed.start)
        self.lock = threading.RLock()
        self.facts = Facts()
        self.tokens: dict[str, TokenRecord] = {}
        self.codes: dict[str, CodeRecord] = {}
        self.counters: dict[str, int] = {}
        self.apps = {app.id: app for app in seed.apps}
        self.people = {person.id: person for person in seed.people}
        self.pages = {page.id: page for page in seed.pages}
        self._note_seed()

    def __repr__(self) -> str:
        return f"World({self.seed.business.name}, {self.now():%Y-%m-%d %H:%M} UTC, {len(self.tokens)} tokens)"

    def _note_seed(self) -> None:
        for app in self.seed.apps:
            self.facts.add(Moment(self.seed.start, 0), (app.id, ""), SecretReset(app.secret))
        for page in self.seed.pages:
            for name, role in page.roles.items():
                self.facts.add(Moment(self.seed.start, 0), (self.person_named(name).id, page.id), RoleChanged(role))
            if page.deleted_at:
                self.note((page.id, ""), PageDeleted(), at=page.deleted_at)

    # Time, serials, and going back

    def now(self) -> datetime:
        return self.clock.now()

    def moment(self, at: datetime | None = None) -> Moment:
        """This instant (or one named), after everything noted so far."""
        return Moment(at or self.now(), self.serial("moment"))

    def serial(self, counter: str) -> int:
        """1, 2, 3 ... for each counter."""
        with self.lock:
            self.counters[counter] = self.counters.get(counter, 0) + 1
            return self.counters[counter]

    def digest(self, name: str, length: int) -> str:
        """`length` hex digits that belong to a name in this world: repeatable, and unlike any other name's."""
        return hashlib.sha256(f"{self.seed.seed}/{name}".encode()).hexdigest()[:length]

    def next_digest(self, counter: str, length: int) -> str:
        """The next digest of a counter's own sequence."""
        return self.digest(f"{counter}/{self.serial(counter)}", length)

    def checkpoint(self) -> Checkpoint:
        """The whole world as it stands."""
        with self.lock:
            return Checkpoint(
                self.now(),
                self.facts.copy(),
                dict(self.tokens),
                dict(self.codes),
                dict(self.counters),
                self.defaults,
                dict(self.apps),
            )

    def rewind(self, to: Checkpoint) -> None:
        """Make the world what it was, clock and counters included; a checkpoint can be returned to again and again."""
        with self.lock:
            self.facts, self.tokens, self.codes = to.facts.copy(), dict(to.tokens), dict(to.codes)
            self.counters, self.defaults, self.apps = dict(to.counters), to.defaults, dict(to.apps)
            self.clock.set(to.now)

    # Facts

    def note(self, key: Key, fact: Fact, at: datetime | None = None) -> Moment:
        """Something happened, now or at an instant ahead."""
        with self.lock:
            moment = self.moment(at)
            self.facts.add(moment, key, fact)
            return moment

    def latest(self, kind: type[F], key: Key) -> F | None:
        """The last fact of a kind by now."""
        found = self.facts.latest(kind, key, self.now())
        return found[1] if found else None

    def grant(self, person: str, app: str) -> Grant:
        """What the person has granted the app by now; an empty grant where nothing was."""
        return self.latest(Grant, (person, app)) or NOTHING_GRANTED

    def role(self, person: str, page: str) -> str:
        """The person's role on the Page by now; "" for none."""
        fact = self.latest(RoleChanged, (person, page))
        return fact.role if fact else ""

    def secret(self, app: str) -> str:
        """The app's secret by now."""
        fact = self.latest(SecretReset, (app, ""))
        return fact.secret if fact else self.apps[app].secret

    def page_exists(self, page: str) -> bool:
        return page in self.pages and self.latest(PageDeleted, (page, "")) is None

    # Who is who

    def person_named(self, name: str) -> Person:
        """Raises InputError, which names the people there are."""
        return _named(self.seed.people, name, "person")

    def page_named(self, name: str) -> PageSeed:
        """Raises InputError, which names the Pages there are."""
        return _named(self.seed.pages, name, "Page")

    def scoped_id(self, person: str, app: str) -> str:
        """The id an app knows the person by."""
        return self.people[person].app_scoped_ids[app]

    def app_role(self, person: str, app: App) -> str:
        return app.roles.get(self.people[person].name, "")

    # Handing out

    def issue(self, kind: TokenKind, app: str, *, name: str = "", **facts: Any) -> TokenRecord:
        """A new token on the books, its string made from `name` or else the next in line; it reads as fake at a glance."""
        value = _token_text(kind, self.digest(name, 32) if name else self.next_digest("token", 32))
        self.tokens[value] = TokenRecord(value=value, kind=kind, app=app, issued=self.moment(), **facts)
        return self.tokens[value]

    def named_token(self, kind: TokenKind, name: str) -> TokenRecord | None:
        """The token issued under a name, if it was."""
        return self.tokens.get(_token_text(kind, self.digest(name, 32)))

    def root(self, record: TokenRecord) -> TokenRecord:
        """The login that a token goes back to."""
        while record.parent:
            record = self.tokens[record.parent]
        return record


def _token_text(kind: TokenKind, digest: str) -> str:
    return f"EAA_SANDBOX_{kind}_{digest}"


def _named(those: Sequence[N], name: str, noun: str) -> N:
    for one in those:
        if one.name == name:
            return one
    raise InputError(f"There is no {noun} {name!r} in this world.", remedy=f"There are {', '.join(one.name for one in those)}.")
