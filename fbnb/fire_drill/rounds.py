"""The fire drill: the real store, audit, renewal and notices against the sandbox, a year in seconds, with all that goes wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tqdm.auto import tqdm

from fbnb.auditor import audit
from fbnb.errors import FbnbError, InputError, NoticeFailed
from fbnb.fire_drill.calendar import BEN, CALENDAR, INES, MARA, Incident, Ours
from fbnb.fire_drill.people import People
from fbnb.fire_drill.report import DrillReport
from fbnb.fire_drill.stage import OurClock, staged
from fbnb.fire_drill.truth import Truth
from fbnb.fire_drill.watch import Watch
from fbnb.letter import Notice
from fbnb.notices import tell
from fbnb.renewal import renew
from fbnb.store import TokenStore
from fbnb.tokens import TokenKind
from fbnb.verdicts import Next, Verdict

_AFTER_ROUND = timedelta(hours=6)


def drill(
    days: int = 365, *, events: Iterable[Incident] | None = None, store: TokenStore | None = None, quiet: bool = False
) -> DrillReport:
    """Keep the tokens of three people, their Pages, a system user and an app for so many days, and see how it goes.

    Each day is what a daily cron job does: audit, renew what is due, tell whom it concerns; who was told does what the notice
    says on the next day. How tokens really stand comes from the sandbox, never from the store. The same in every run.
    events: what goes wrong, by default `CALENDAR`. store: an empty one, by default one that ends with the drill. quiet: no
    progress bar; there is none either in the first two seconds.

    Raises InputError: no day at all, or no whole ones, or tokens in the store. StoreError.
    """
    some = isinstance(days, int) and days >= 1
    if not some or (store is not None and len(store)):
        problem = "A drill takes a day or more." if not some else "There are tokens in this store, and a drill would audit them."
        raise InputError(problem, remedy="Such as drill(days=365), which has a store of its own.")
    with staged(store) as (people, clock):
        return _Drill(people, clock, days, tuple(CALENDAR if events is None else events)).run(quiet=quiet)


@dataclass
class _Drill:
    people: People
    clock: OurClock
    days: int
    incidents: tuple[Incident, ...]
    audits: int = 0
    renewals: int = 0
    notices: int = 0
    troubles: int = 0
    asked: dict[str, set[TokenKind]] = field(default_factory=dict)  # who has been told and has not yet done anything about it

    def __post_init__(self) -> None:
        self.sandbox, self.store = self.people.sandbox, self.people.store
        self.start = self.sandbox.clock.now()
        self.watch = Watch(Truth(self.sandbox.world, self.people.client.settings.app_id), self.store)

    def run(self, *, quiet: bool) -> DrillReport:
        """Every day of it, and what came of it."""
        for person in (MARA, BEN, INES):
            self.people.log_in(person)
        self.people.make_robot()
        self.people.compose()
        planned = list(self._schedule())
        for day in tqdm(range(1, self.days + 1), desc="Drill", unit="day", delay=2, leave=False, disable=quiet):
            self._round(day)
        return self._report(planned)

    def _schedule(self) -> Iterator[tuple[datetime, str]]:
        """Let the sandbox know what is to come; yields when, and what."""
        for incident in (one for one in self.incidents if one.day < self.days):
            at = self.start + timedelta(days=incident.day) + _AFTER_ROUND
            for event, after in ((incident.event, 0), (incident.ended_by, incident.days)):
                if event:
                    self.sandbox.schedule(event(self.sandbox.event), at=at + timedelta(days=after))
            yield at, incident.what

    def _round(self, day: int) -> None:
        # What waits for Graph moves the clock too, so a day ends when it ends, and not a day after the last call.
        self.sandbox.clock.set(max(self.sandbox.clock.now(), self.start + timedelta(days=day)))
        self.clock.behind = timedelta(days=self._goes_on(Ours.LATE_CLOCK, day))
        self._answer(day)
        self.watch.look(self.people.handed)
        verdicts = self._audited(day)
        self._renew(verdicts)
        self._tell(verdicts, mail_is_down=self._goes_on(Ours.MAIL_DOWN, day))

    def _goes_on(self, ours: Ours, day: int, who: str = "") -> bool:
        return any(one.ours is ours and one.who == who and one.holds(day) for one in self.incidents)

    def _answer(self, day: int) -> None:
        """Let those who were told the day before, and are there, do what the notice says."""
        with self._trouble():
            self.people.look_up_secret()
        for who, kinds in list(self.asked.items()):
            if not self._goes_on(Ours.AWAY, day, who):
                with self._trouble():
                    self.people.answer(who, kinds)
                    del self.asked[who]

    def _audited(self, day: int) -> list[Verdict]:
        """The verdicts of a day's audit; those that came before it failed, if it did."""
        if self._goes_on(Ours.CRASH, day):
            broken_off = self._audit()
            with self._trouble():
                next(broken_off, None)
            del broken_off  # nobody asks it for the next verdict
            self.sandbox.clock.advance(hours=1)
        verdicts = list[Verdict]()
        with self._trouble():
            for verdict in self._audit():
                verdicts.append(verdict)
                self.watch.judge(verdict)
            self.audits += 1
        self.troubles += any(verdict.state == "unknown" for verdict in verdicts)
        return verdicts

    def _audit(self) -> Iterator[Verdict]:
        # One request at a time, for the sandbox then answers in the same order in every run.
        return audit(self.people.client, self.store, at_once=1, quiet=True)

    def _renew(self, verdicts: list[Verdict]) -> None:
        for verdict in (one for one in verdicts if one.do is Next.RENEW):
            with self._trouble():
                self.people.handed.append(renew(self.people.client, self.store, verdict.token).fingerprint)
                self.renewals += 1

    def _tell(self, verdicts: list[Verdict], *, mail_is_down: bool) -> None:
        def say(notice: Notice) -> None:
            if mail_is_down:
                raise NoticeFailed(f"{notice.label} could not be told: no mail goes out.")
            kind = self.watch.truth.record(notice.fingerprint).kind
            self.asked.setdefault(self.watch.hear(notice), set()).add(kind)

        told = tell(self.people.client, self.store, verdicts, say)
        self.notices += len(told.said)
        self.troubles += bool(told.failed)

    @contextmanager
    def _trouble(self) -> Iterator[None]:
        """What fails inside is counted, and done on another day."""
        try:
            yield
        except FbnbError:
            self.troubles += 1

    def _report(self, planned: list[tuple[datetime, str]]) -> DrillReport:
        self.watch.look(self.people.handed)
        self.watch.run_out()
        return DrillReport(
            days=self.days,
            outcomes=self.watch.outcomes(planned),
            false_alarms=tuple(self.watch.false_alarms),
            lost=tuple(self.watch.lost),
            late=self.watch.late(),
            audits=self.audits,
            renewals=self.renewals,
            notices=self.notices,
            troubles=self.troubles,
        )
