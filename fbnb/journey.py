"""A world's time as a line that one moves along, forward and back, with what happens as marks on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from operator import attrgetter, itemgetter
from typing import Any, cast

from fbnb.clock import LATEST, in_utc
from fbnb.errors import InputError
from fbnb.sandbox import Sandbox
from fbnb.sandbox.facts import Happened, Moment
from fbnb.sandbox.records import TokenRecord
from fbnb.sandbox.world import Checkpoint, Due, Event
from fbnb.tokens import TokenKind

_ONLY_READ = {"counters", "traffic", "requests", "faults"}  # the books that a call changes which changes nothing else
_FIRST_SERIAL = 1_000_000  # of a dropped mark: behind whatever the world itself has due at the same instant


@dataclass(frozen=True, slots=True)
class Mark:
    """What has happened, or is on its way. past: whether it has happened where one stands."""

    at: datetime
    words: str
    past: bool


class Journey:
    """The time of a sandbox's world, from where it stands now. start: that instant.

    What was made on the way, a token or an event, is gone when one goes back, and is there again when one comes back to where
    it was made. Only where something is changed, what was made later than that is dropped: it never came to be. Reading
    changes nothing, though it makes Page tokens. Raises SandboxOnly: there is no sandbox.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        here = sandbox.checkpoint()
        self._sandbox, self.start = sandbox, here.now
        self._line, self._arrived = [here], here  # the world where something was made last, oldest first; and as one came to it
        self._pages: dict[str, TokenRecord] = {}  # what reading has made, by its text
        self._dropped: dict[Moment, str] = {}

    @property
    def now(self) -> datetime:
        """Where one stands."""
        return self._sandbox.world.now()

    def after(self, days: float, hours: float = 0) -> datetime:
        """The instant so long after the start. Raises InputError: there is none."""
        try:
            return self.start + timedelta(days=days, hours=hours)
        except (OverflowError, TypeError, ValueError):
            raise InputError(f"{days!r} days are no stretch of time.", remedy="Give a number, such as days=61.") from None

    def day(self, at: datetime) -> int:
        """How many whole days an instant is from the start."""
        return (at - self.start) // timedelta(days=1)

    def words(self, at: datetime) -> str:
        """`Day 60: 2027-01-01 09:00 UTC`"""
        return f"Day {self.day(at)}: {at:%Y-%m-%d %H:%M} UTC"

    def go(self, to: datetime) -> datetime:
        """Stand at an instant; what is due on the way there happens. Raises InputError: it is not on the line."""
        to = self._on_the_line(to)
        with self._sandbox.world.lock:
            self._stand(to, self._settled())
        return to

    @property
    def marks(self) -> list[Mark]:
        """What happened and what will, oldest first; ahead, too, what happened there when one was there."""
        here, known = self._known()
        happened = [(moment.at, fact.words) for moment, fact in known.facts.all(Happened, ("", ""), known.now)]
        happened += [(moment.at, due.event.words) for moment, due in sorted(_due(known).items(), key=itemgetter(0))]
        return [Mark(at, words, at <= here.now) for at, words in happened]

    @property
    def tokens(self) -> int:
        """How many tokens are ever made, as far along the line as is known."""
        _, known = self._known()
        return len({*known.books["tokens"], *self._pages})

    @property
    def dropped(self) -> list[Mark]:
        """The marks that `drop` put on the line and that still are on it, in the order of dropping."""
        here, _ = self._known()
        return [Mark(moment.at, words, moment.at <= here.now) for moment, words in self._dropped.items()]

    def drop(self, event: Event, at: datetime) -> Mark:
        """Put an event on the line: at an instant in the past it has happened then. What was made after it is dropped, ahead too.

        event: one of `sandbox.event`. Raises InputError: it is none, `at` is not on the line, or there was nothing for it to
        happen to.
        """
        if not isinstance(event, Event):
            raise InputError("That is no event.", remedy='Make one: sandbox.event.log_out("Mara Quay").')
        at = self._on_the_line(at)
        with self._sandbox.world.lock:
            here, before = self._settled(), (self._line, self._pages)
            moment = Moment(at, max((dropped.serial for dropped in self._dropped), default=_FIRST_SERIAL) + 1)
            self._redraw(here, at, lambda kept: _planned(kept, {**_due(kept), moment: Due(event)}) if kept.now <= at else None)
            if at <= here.now and (at, event.words) not in self._sandbox.happened:
                self._line, self._pages = before
                self._stand(here.now, here)
                raise InputError(f"{event.words}: there was nothing for it to happen to.", remedy="Drop it on a later day.")
            self._dropped[moment] = event.words
            return Mark(at, event.words, at <= here.now)

    def lift(self, mark: Mark) -> None:
        """Take a mark that was dropped off the line, as if it had never been there; what was made after it is dropped.

        Raises InputError: `drop` did not put it there, or it is there no more: sandbox.reset() or a rewind took it away; or
        something was made at its very instant, the first of the line.
        """
        with self._sandbox.world.lock:
            here = self._settled()
            same = [moment for moment, words in self._dropped.items() if (moment.at, words) == (mark.at, mark.words)]
            if not same:
                problem = f"{mark.words} was not dropped on this line, or is on it no more."
                raise InputError(problem, remedy="Take one of journey.dropped.")
            self._redraw(here, mark.at, lambda kept: _lifted(kept, same[0]))
            del self._dropped[same[0]]

    def _on_the_line(self, instant: datetime) -> datetime:
        try:
            instant = in_utc(instant)
        except (AttributeError, OverflowError, TypeError, ValueError):
            raise InputError(f"{instant!r} is no instant.", remedy="Write datetime(2027, 1, 1, tzinfo=UTC).") from None
        if instant < self.start:
            remedy = f"Go back no further than to {self.start:%Y-%m-%d %H:%M} UTC, or begin the journey at an earlier time."
            raise InputError("What was before the journey began is kept nowhere.", remedy=remedy)
        if instant > LATEST:
            raise InputError("That is beyond the end of time.", remedy=f"Go no further than the year {LATEST.year - 1}.")
        return instant

    def _known(self) -> tuple[Checkpoint, Checkpoint]:
        """The world as it stands, and as it stands furthest along the line."""
        with self._sandbox.world.lock:
            here = self._settled()
            return here, max([here, *self._line], key=_now)

    def _settled(self) -> Checkpoint:
        """The world as it stands. Where something was changed since one came here it is kept, and what lay ahead is not."""
        here = self._sandbox.checkpoint()
        read = _read(here, self._arrived)
        if _alike(here, self._untouched(here.now, read)):
            self._pages |= {page.value: page for page in read}
            return here
        since = min(here.now, self._arrived.now)
        self._cut([*(kept for kept in self._line if kept.now <= since and kept.now < here.now), here], since)
        self._arrived = here
        for moment in [moment for moment, words in self._dropped.items() if not self._holds(here, moment, words)]:
            del self._dropped[moment]  # it was rewound to where there was no such mark
            self._line = [_without(kept, moment) if moment in _due(kept) else kept for kept in self._line]
        return here

    def _untouched(self, now: datetime, read: list[TokenRecord]) -> Checkpoint:
        """What time and reading alone would have made of the world by now since one arrived."""
        world = self._sandbox.world
        with world.imagined():
            world.rewind(self._arrived)
            for page in read:
                world.clock.set(page.issued.at)
                world.now()  # what is due by then has its serial before the token has
                world.tokens[page.value], world.counters["moment"] = page, page.issued.serial
            world.clock.set(now)
            return world.checkpoint()

    def _holds(self, here: Checkpoint, moment: Moment, words: str) -> bool:
        return moment in _due(here) or (moment.at, words) in self._sandbox.happened

    def _cut(self, line: list[Checkpoint], since: datetime) -> None:
        """Have a new line, and forget what was read later than an instant."""
        self._line = line
        self._pages = {text: token for text, token in self._pages.items() if token.issued.at <= since}

    def _stand(self, to: datetime, *here: Checkpoint) -> None:
        """Be at an instant, from the nearest world that is known before it."""
        nearest = max((kept for kept in [*here, *reversed(self._line)] if kept.now <= to), key=_now)  # of several, the latest
        self._sandbox.rewind(nearest)
        self._sandbox.clock.set(to)
        tokens = self._sandbox.world.tokens
        tokens |= {text: page for text, page in self._pages.items() if page.issued.at <= to and page.parent in tokens}
        self._arrived = self._sandbox.checkpoint()

    def _redraw(self, here: Checkpoint, since: datetime, edit: Callable[[Checkpoint], Checkpoint | None]) -> None:
        """Every world on the line as `edit` makes it, without those it makes none of; and stand where one stood."""
        past = [kept for kept in self._line if kept.now <= here.now and kept is not here]
        ahead = [kept for kept in self._line if kept.now > here.now]
        line = [edited for kept in [*past, here, *ahead] if (edited := edit(kept))]
        if not line:
            raise InputError("Something was made in the same instant.", remedy="Make a new TimeTravel, or sandbox.reset().")
        self._cut(line, since)
        self._stand(here.now)


def _now(kept: Checkpoint) -> datetime:
    return kept.now


def _due(kept: Checkpoint) -> dict[Moment, Due]:
    return cast(dict[Moment, Due], kept.books["schedule"])


def _planned(kept: Checkpoint, schedule: Any) -> Checkpoint:
    return replace(kept, books={**kept.books, "schedule": schedule})


def _without(kept: Checkpoint, moment: Moment) -> Checkpoint:
    return _planned(kept, {other: due for other, due in _due(kept).items() if other != moment})


def _lifted(kept: Checkpoint, moment: Moment) -> Checkpoint | None:
    """A world without what is due at a moment; None for one in which it has happened."""
    return _without(kept, moment) if moment in _due(kept) or kept.now < moment.at else None


def _read(here: Checkpoint, before: Checkpoint) -> list[TokenRecord]:
    """What reading made since then, in order: Page tokens of tokens that were there, each made but once."""
    tokens = before.books["tokens"]
    new = (token for text, token in here.books["tokens"].items() if text not in tokens)
    pages = (token for token in new if token.kind is TokenKind.PAGE and token.parent in tokens)
    return sorted(pages, key=attrgetter("issued"))


def _alike(here: Checkpoint, alone: Checkpoint) -> bool:
    books = here.books.keys() - _ONLY_READ
    same = all(here.books[book] == alone.books[book] for book in books)
    return same and here.facts == alone.facts and here.defaults == alone.defaults


def droppable(sandbox: Sandbox) -> list[tuple[str, Event]]:
    """The events that matter most, with their words, for the world's first person and app and the person's first Page."""
    world, make = sandbox.world, sandbox.event
    app, who = world.seed.apps[0].id, world.seed.people[0]
    events = [make.change_password(who.name), make.log_out(who.name), make.remove_app(who.name)]
    granted = sorted(world.grant(who.id, app).granted, key=lambda scope: (not scope.startswith("pages_"), scope))
    events += [make.remove_permission(who.name, app, scope) for scope in granted[:1]]
    events += [make.question(who.name), make.clear(who.name), make.end_data_access(who.name)]
    pages = [page.name for page in world.seed.pages if world.role(who.id, page.id) and world.page_exists(page.id)]
    events += [event for page in pages[:1] for event in (make.change_role(who.name, page), make.delete_page(page))]
    events += [make.block_app(), make.reactivate_app(), make.reset_secret()]
    return [(event.words, event) for event in events]
