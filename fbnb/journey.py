"""A world's time as a line that one moves along, forward and back, with what happens as marks on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

from fbnb.clock import LATEST, in_utc
from fbnb.errors import InputError
from fbnb.sandbox import Sandbox
from fbnb.sandbox.facts import Happened, Moment
from fbnb.sandbox.world import Checkpoint, Due, Event

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
    it was made. Only where something is changed in the past, what lay ahead of it is dropped: it never came to be. Reading
    changes nothing. Raises SandboxOnly: there is no sandbox.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        here = sandbox.checkpoint()
        self._sandbox, self.start = sandbox, here.now
        self._line, self._arrived = [here], here  # the world where something was made last, oldest first; and as one came to it
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
        with self._sandbox.world.lock:
            here = self._settled()
            known = max([here, *self._line], key=_now)
        happened = [(moment.at, fact.words) for moment, fact in known.facts.all(Happened, ("", ""), known.now)]
        happened += [(moment.at, due.event.words) for moment, due in sorted(_due(known).items(), key=itemgetter(0))]
        return [Mark(at, words, at <= here.now) for at, words in happened]

    @property
    def dropped(self) -> list[Mark]:
        """The marks that `drop` put on the line and `lift` did not take away, in the order of dropping."""
        return [Mark(moment.at, words, moment.at <= self.now) for moment, words in self._dropped.items()]

    def drop(self, event: Event, at: datetime) -> Mark:
        """Put an event on the line: at an instant in the past it has happened then, and what was made after it is dropped.

        event: one of `sandbox.event`. Raises InputError: it is none, `at` is not on the line, or there was nothing for it to
        happen to.
        """
        if not isinstance(event, Event):
            raise InputError("That is no event.", remedy='Make one: sandbox.event.log_out("Mara Quay").')
        at = self._on_the_line(at)
        with self._sandbox.world.lock:
            here, before = self._settled(), self._line
            moment = Moment(at, max((dropped.serial for dropped in self._dropped), default=_FIRST_SERIAL) + 1)
            self._redraw(here, lambda kept: _scheduled(kept, moment, Due(event)) if kept.now <= at else None)
            if at <= here.now and (at, event.words) not in self._sandbox.happened:
                self._line = before
                self._stand(here.now, here)
                raise InputError(f"{event.words}: there was nothing for it to happen to.", remedy="Drop it on a later day.")
            self._dropped[moment] = event.words
            return Mark(at, event.words, at <= here.now)

    def lift(self, mark: Mark) -> None:
        """Take a mark that was dropped off the line, as if it had never been there; what was made after it is dropped.

        Raises InputError: `drop` did not put it there, or something was made at its very instant, the first of the line.
        """
        moment = next((moment for moment, words in self._dropped.items() if (moment.at, words) == (mark.at, mark.words)), None)
        if moment is None:
            raise InputError(f"{mark.words} was not dropped on this line.", remedy="Take one that was.")
        with self._sandbox.world.lock:
            self._redraw(self._settled(), lambda kept: _lifted(kept, moment))
            del self._dropped[moment]

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

    def _settled(self) -> Checkpoint:
        """The world as it stands. Where something was changed since one came here it is kept, and what lay ahead is not."""
        here = self._sandbox.checkpoint()
        if not self._untouched(here):
            since = min(here.now, self._arrived.now)
            self._line = [*(kept for kept in self._line if kept.now <= since and kept.now < here.now), here]
            self._arrived = here
        return here

    def _untouched(self, here: Checkpoint) -> bool:
        """Whether time alone makes the world what it is, of what it was when one arrived."""
        try:
            self._sandbox.rewind(self._arrived)
            self._sandbox.clock.set(here.now)
            alone = self._sandbox.checkpoint()
        finally:
            self._sandbox.rewind(here)
        books = here.books.keys() - _ONLY_READ
        same = all(here.books[book] == alone.books[book] for book in books)
        return same and here.facts == alone.facts and here.defaults == alone.defaults

    def _stand(self, to: datetime, *here: Checkpoint) -> None:
        """Be at an instant, from the nearest world that is known before it."""
        nearest = max((kept for kept in [*here, *reversed(self._line)] if kept.now <= to), key=_now)  # of several, the latest
        self._sandbox.rewind(nearest)
        self._sandbox.clock.set(to)
        self._arrived = self._sandbox.checkpoint()

    def _redraw(self, here: Checkpoint, edit: Callable[[Checkpoint], Checkpoint | None]) -> None:
        """Every world on the line as `edit` makes it, without those it makes none of; and stand where one stood."""
        past = [kept for kept in self._line if kept.now <= here.now and kept is not here]
        ahead = [kept for kept in self._line if kept.now > here.now]
        line = [edited for kept in [*past, here, *ahead] if (edited := edit(kept))]
        if not line:
            raise InputError("Something was made in the same instant.", remedy="Make a new TimeTravel, or sandbox.reset().")
        self._line = line
        self._stand(here.now)


def _now(kept: Checkpoint) -> datetime:
    return kept.now


def _due(kept: Checkpoint) -> dict[Moment, Due]:
    due: Any = kept.books["schedule"]
    return due  # type: ignore[no-any-return]


def _scheduled(kept: Checkpoint, moment: Moment, due: Due) -> Checkpoint:
    schedule: Any = {**_due(kept), moment: due}
    return replace(kept, books={**kept.books, "schedule": schedule})


def _lifted(kept: Checkpoint, moment: Moment) -> Checkpoint | None:
    """A world without what is due at a moment; None for one in which it has happened."""
    if moment not in _due(kept):
        return kept if kept.now < moment.at else None
    schedule: Any = {other: due for other, due in _due(kept).items() if other != moment}
    return replace(kept, books={**kept.books, "schedule": schedule})


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
