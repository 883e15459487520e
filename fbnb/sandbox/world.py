"""The sandbox's one changing thing: a World of apps, people and Pages, with a clock, dated facts, and what it handed out."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, TypeVar

from fbnb.clock import ManualClock, ShiftedClock
from fbnb.errors import InputError
from fbnb.sandbox.defaults import Defaults
from fbnb.sandbox.facts import (
    NOTHING_GRANTED,
    Deleted,
    F,
    Facts,
    Grant,
    Happened,
    Key,
    ModeChanged,
    Moment,
    ProofRequired,
    RoleChanged,
    SecretReset,
)
from fbnb.sandbox.faults import Fault
from fbnb.sandbox.records import CodeRecord, DeviceRecord, RequestRecord, SystemUser, TokenRecord
from fbnb.sandbox.seed import App, Business, PageSeed, Seed
from fbnb.tokens import AccessToken, TokenKind


class Named(Protocol):
    """What is found by its name."""

    @property
    def id(self) -> str: ...

    @property
    def name(self) -> str: ...


N = TypeVar("N", bound=Named)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that can happen in a world: what, in words, and how. act raises InputError where it cannot happen."""

    words: str
    act: Callable[[World], object] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Due:
    """An event on its way. every: how long after it the next one is due."""

    event: Event
    every: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A whole world at one moment: `world.rewind` restores it exactly."""

    now: datetime
    facts: Facts = field(repr=False)
    books: dict[str, dict[str, Any]] = field(repr=False)
    defaults: Defaults = field(repr=False)


MOST_REPEATS = 1000
"""How often an event that repeats happens in one leap of the clock: the first time, and the last ones."""

_LAST = datetime.max.replace(tzinfo=UTC)
_BOOKS = ("tokens", "codes", "devices", "counters", "apps", "people", "system_users", "schedule", "faults", "traffic", "requests")


class World:
    """All state of a sandbox, behind one lock. Same seed and same calls give the same tokens, ids and trace ids."""

    def __init__(self, seed: Seed, clock: ManualClock | ShiftedClock | None = None) -> None:
        self.seed, self.defaults = seed, seed.defaults
        self.clock = clock or ManualClock(seed.start)
        self.lock = threading.RLock()
        self.facts = Facts()
        self.tokens: dict[str, TokenRecord] = {}
        self.codes: dict[str, CodeRecord] = {}
        self.devices: dict[str, DeviceRecord] = {}
        self.counters: dict[str, int] = {}
        self.apps = {app.id: app for app in seed.apps}
        self.people = {person.id: person for person in seed.people}
        self.system_users: dict[str, SystemUser] = {}
        self.schedule: dict[Moment, Due] = {}
        self.faults: dict[int, Fault] = {}
        self.traffic: dict[str, tuple[tuple[int, int], ...]] = {}  # calls by the minute, for each budget
        self.requests: dict[int, RequestRecord] = {}  # the last of them
        self._instant: datetime | None = None  # of the event that is happening, or the request being answered, if one is
        self._holder = 0  # the thread that answers a request
        self.businesses = {business.id: business for business in seed.businesses}
        self.pages = {page.id: page for page in seed.pages}
        self.ad_accounts = {account.id: account for account in seed.ad_accounts}
        self.keys: dict[str, Any] = {}  # key pairs, made when first needed; they outlast a rewind
        self._note_seed()

    def __repr__(self) -> str:
        return f"World({self.seed.businesses[0].name}, {self.now():%Y-%m-%d %H:%M} UTC, {len(self.tokens)} tokens)"

    def _note_seed(self) -> None:
        for app in self.seed.apps:
            self.facts.add(Moment(self.seed.start, 0), (app.id, ""), SecretReset(app.secret))
        roles = [(asset.id, asset.roles) for asset in self.seed.pages]
        for asset, held in [*roles, *((account.id, account.roles) for account in self.seed.ad_accounts)]:
            for name, role in held.items():
                self.facts.add(Moment(self.seed.start, 0), (self.person_named(name).id, asset), RoleChanged(role))
        for page in self.seed.pages:
            if page.deleted_at:
                self.note((page.id, ""), Deleted(), at=page.deleted_at)

    # Time, serials, and going back

    def now(self) -> datetime:
        """The clock's time, what was due by then having happened; for an event that was due, its own instant."""
        if self._holder == threading.get_ident() and self._instant:  # the lock is ours already: a call asks twenty times
            return self._instant
        with self.lock:
            if self._instant is None:
                self._catch_up(self.clock.now())
            return self._instant or self.clock.now()

    @contextmanager
    def still(self) -> Iterator[datetime]:
        """No time passes inside, whatever the clock does: a request is answered at one instant, which is handed over."""
        with self.lock:
            before, now = self._instant, self.now()
            self._instant, holder, self._holder = now, self._holder, threading.get_ident()
            try:
                yield now
            finally:
                self._instant, self._holder = before, holder

    def happen(self, event: Event) -> None:
        """Let it happen. Raises InputError: it cannot."""
        with self.lock:
            event.act(self)
            self.note(("", ""), Happened(event.words))

    def _catch_up(self, now: datetime) -> None:
        while self.schedule and (moment := min(self.schedule)).at <= now:
            due = self.schedule.pop(moment)
            if due.every and due.every < _LAST - moment.at:
                self.schedule[Moment(_next(moment.at, due.every, now), moment.serial)] = due
            self._instant = moment.at
            try:
                with suppress(InputError):  # by then there was nothing left for it to happen to
                    self.happen(due.event)
            finally:
                self._instant = None

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
            now, books = self.now(), {name: dict(getattr(self, name)) for name in _BOOKS}
            return Checkpoint(now, self.facts.copy(), books, self.defaults)

    def rewind(self, to: Checkpoint) -> None:
        """Make the world what it was, clock and counters included; a checkpoint can be returned to again and again."""
        with self.lock:
            self._restore(to)
            self.clock.set(to.now)

    @contextmanager
    def imagined(self) -> Iterator[None]:
        """What happens inside has not happened afterwards."""
        with self.lock:
            before = self.checkpoint()
            try:
                yield
            finally:
                self._restore(before)

    def _restore(self, to: Checkpoint) -> None:
        self.facts, self.defaults = to.facts.copy(), to.defaults
        for name, book in to.books.items():
            setattr(self, name, dict(book))

    # Facts

    def note(self, key: Key, fact: object, at: datetime | None = None) -> Moment:
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

    def allowed(self, token: TokenRecord) -> Grant:
        """What a token may do: what was fixed when it was made, else what its person grants by now."""
        return self.grant(token.person, token.app) if token.scopes is None else Grant(token.scopes)

    def role(self, person: str, asset: str) -> str:
        """The person's role on the Page or ad account by now; "" for none."""
        fact = self.latest(RoleChanged, (person, asset))
        return fact.role if fact else ""

    def secret(self, app: str) -> str:
        """The app's secret by now."""
        fact = self.latest(SecretReset, (app, ""))
        return fact.secret if fact else self.apps[app].secret

    def mode(self, app: str) -> str:
        """The app's mode by now: development or live."""
        fact = self.latest(ModeChanged, (app, ""))
        return fact.mode if fact else self.apps[app].mode

    def proof_required(self, app: str) -> bool:
        """Whether the app's calls must be signed by now."""
        fact = self.latest(ProofRequired, (app, ""))
        return fact.on if fact else self.apps[app].require_proof

    def page_exists(self, page: str) -> bool:
        return page in self.pages and self.latest(Deleted, (page, "")) is None

    # Who is who

    def person_named(self, name: str) -> Named:
        """A person, or a system user. Raises InputError, which names those there are."""
        everyone: list[Named] = [*self.people.values(), *self.system_users.values()]
        return _named(everyone, name, "person")

    def page_named(self, name: str) -> PageSeed:
        """Raises InputError, which names the Pages there are."""
        return _named(self.seed.pages, name, "Page")

    def asset_named(self, name: str) -> Named:
        """A Page or an ad account. Raises InputError, which names those there are."""
        assets: list[Named] = [*self.seed.pages, *self.seed.ad_accounts]
        return _named(assets, name, "Page or ad account")

    def business_named(self, name: str) -> Business:
        """Raises InputError, which names the businesses there are."""
        return _named(self.seed.businesses, name, "business")

    def owner(self, page: str) -> Business | None:
        """The business that owns a Page."""
        return next((business for business in self.seed.businesses if self.pages[page].name in business.owned_pages), None)

    def scoped_id(self, person: str, app: str) -> str:
        """The id an app knows the person by; a system user has one id for all. "" where the app does not know the person."""
        return person if person in self.system_users else self.people[person].app_scoped_ids.get(app, "")

    def person_of(self, scoped_id: str, app: str) -> str:
        """The person whom an app knows by an id; "" for none."""
        return next((person.id for person in self.people.values() if person.app_scoped_ids.get(app) == scoped_id), "")

    def app_role(self, person: str, app: App) -> str:
        """admin, developer or tester; "" for none. A test user of the app counts as a tester."""
        who = self.people[person]
        return app.roles.get(who.name, "tester" if app.id in who.test_user_of else "")

    # Handing out

    def issue(
        self, kind: TokenKind, app: str, *, name: str = "", prefix: str = "EAA", at: datetime | None = None, **facts: Any
    ) -> TokenRecord:
        """A new token on the books, its string made from `name` or else the next in line; it reads as fake at a glance."""
        value = _token_text(kind, self.digest(name, 32) if name else self.next_digest("token", 32), prefix)
        self.tokens[value] = TokenRecord(value=value, kind=kind, app=app, issued=self.moment(at), **facts)
        return self.tokens[value]

    def named_token(self, kind: TokenKind, name: str) -> TokenRecord | None:
        """The token issued under a name, if it was."""
        return self.tokens.get(_token_text(kind, self.digest(name, 32)))

    def text_of(self, token: AccessToken) -> str:
        """The string of a token on the books. Raises InputError: this world has not handed it out, or it is no token."""
        if not isinstance(token, AccessToken) or token.value.reveal() not in self.tokens:
            remedy = "Name one that came from a login; an app's own token belongs to none."
            raise InputError("That is no token that this world has handed out.", remedy=remedy)
        return token.value.reveal()

    def root(self, record: TokenRecord) -> TokenRecord:
        """The login that a token goes back to."""
        while record.parent:
            record = self.tokens[record.parent]
        return record


def _next(at: datetime, every: timedelta, now: datetime) -> datetime:
    """When an event comes again. Of a leap's many times those in the middle are left out: tokens died of the first."""
    left_out = (now - at) // every + 1 - MOST_REPEATS
    return at + every * (1 + max(0, left_out))


def _token_text(kind: TokenKind, digest: str, prefix: str = "EAA") -> str:
    return f"{prefix}_SANDBOX_{kind}_{digest}"


def _named(those: Iterable[N], name: str, noun: str) -> N:
    for one in those:
        if one.name == name:
            return one
    raise InputError(f"There is no {noun} {name!r} in this world.", remedy=f"There are {', '.join(one.name for one in those)}.")
