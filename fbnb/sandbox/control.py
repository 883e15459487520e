"""The sandbox as a lesson holds it: its clock, its people, and what can happen in its world."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from secrets import token_urlsafe
from typing import TYPE_CHECKING, Any

from fbnb.catalogue import scope_list
from fbnb.clock import LATEST, ManualClock, ShiftedClock, SystemClock, in_utc
from fbnb.errors import InputError
from fbnb.exercise import Verdict
from fbnb.redact import Secret
from fbnb.sandbox.consent import Choice
from fbnb.sandbox.described import described
from fbnb.sandbox.device_login import answer_device
from fbnb.sandbox.events import Events
from fbnb.sandbox.facts import Happened
from fbnb.sandbox.families import Kin, blast_radius, family
from fbnb.sandbox.mystery import SUSPECTS, hide, judge, line_up
from fbnb.sandbox.records import RequestRecord
from fbnb.sandbox.revoke import Callback, callbacks
from fbnb.sandbox.seed import load_seed
from fbnb.sandbox.visitor import Visitor
from fbnb.sandbox.world import Checkpoint, Due, Event, World
from fbnb.tokens import AccessToken

if TYPE_CHECKING:
    from fbnb.sandbox.ledger import Row
    from fbnb.sandbox.transport import SandboxTransport


def _clock(start: datetime, at: datetime | None, *, frozen: bool) -> ManualClock | ShiftedClock:
    real = SystemClock()
    now = real.now()
    at = in_utc(at) if at else start if frozen else max(start, now)
    if not start <= at <= LATEST:
        problem = f"The world begins at {start:%Y-%m-%dT%H:%M:%SZ} and ends with the year {LATEST.year - 1}."
        raise InputError(problem, remedy="Choose a time in between.")
    return ManualClock(at) if frozen else ShiftedClock(real, at - now)


class Sandbox(Events[None]):
    """A Graph of our own. It starts at the same instant, with the same people, and answers the same every time.

    What can happen in its world are methods, such as `change_password`. `event` has the same methods, and makes the event
    without letting it happen: for `schedule` and `blast_radius`. `start` is what `reset` goes back to.

    at: what its clock reads at first, by default the world's start. frozen: it stands still until it is moved; if not, it
    runs, by default from the real time on. Raises WorldError. InputError: `at` is before the world's start.
    """

    def __init__(self, world_file: Path | None = None, *, at: datetime | None = None, frozen: bool = True) -> None:
        seed = load_seed(world_file)
        world = World(seed, _clock(seed.start, at, frozen=frozen))
        super().__init__(world, world.happen)
        self.event: Events[Event] = Events(world, lambda event: event)
        self.start = world.checkpoint()

    def __repr__(self) -> str:
        return f"Sandbox({self.world!r})"

    @property
    def clock(self) -> ManualClock | ShiftedClock:
        """Move it with `advance(days=60)`; go back with `rewind`."""
        return self.world.clock

    @cached_property
    def transport(self) -> SandboxTransport:
        """The way to it for a client in this process."""
        from fbnb.sandbox.transport import SandboxTransport  # one that is served does without httpx

        return SandboxTransport(self)

    def nonce(self) -> str:
        """An unguessable string, except that it is the same in every run."""
        return self.world.next_digest("nonce", 40)

    def person(
        self,
        name: str | None = None,
        *,
        decline: Iterable[str] | str = (),
        pages: Iterable[str] | None = None,
        cancel: bool = False,
    ) -> Visitor:
        """Someone to answer the dialog, by default the first person: a consent for `client.acting_as(...)`.

        decline: permissions to untick. pages: names of the Pages to tick, None for all. cancel: close the dialog.
        Raises InputError: no such person or Page.
        """
        person = self.world.person_named(name) if name else self.world.seed.people[0]
        ticked = None if pages is None else frozenset(self.world.page_named(page).id for page in pages)
        return Visitor(self.world, Choice(person.id, frozenset(scope_list(decline)), ticked, cancel))

    def answer_device(self, user_code: str, visitor: Visitor | None = None) -> None:
        """Someone, by default the first person, types a device's code in and answers. Raises InputError: no such code."""
        answer_device(self.world, user_code, (visitor or self.person()).choice)

    @property
    def calls(self) -> int:
        """How many calls were made: each of a batch, and each id of `ids=`, is one."""
        return self.world.counters.get("calls", 0)

    def callbacks(self, app_id: str) -> list[Callback]:
        """What Graph has posted to the app's deauthorize and data-deletion addresses so far, oldest first."""
        return callbacks(self.world, self._app(app_id))

    # What happens later, what has happened, and to whom

    def schedule(self, event: Event, *, at: datetime | None = None, every: timedelta | None = None, **after: float) -> datetime:
        """Let an event happen at an instant, or when `days=`, `hours=`, `minutes=`, `seconds=` have passed from now.

        every: let it happen again and again, that long apart; of more than a thousand times in one leap of the clock, those in
        the middle are left out. Returns the instant of the first. Raises InputError: no event, no time, one in the past or
        after the year 8999, or `every` is no time at all.
        """
        self._check(event)
        start, now = self._instant(at, after), self.world.now()
        if start is None or not now <= start <= LATEST or (every is not None and every <= timedelta(0)):
            remedy = "Give at=, or one of days=, hours=, minutes=, seconds=, such as days=30; every=timedelta(days=7) repeats it."
            raise InputError("An event comes at one instant that lies ahead, and again after more than no time.", remedy=remedy)
        with self.world.lock:
            self.world.schedule[self.world.moment(start)] = Due(event, every)
        return start

    def _instant(self, at: datetime | None, after: dict[str, float]) -> datetime | None:
        """The one instant that is meant; None where none or two are."""
        try:
            if at is None:
                return self.world.now() + timedelta(**after) if after else None
            return None if after else in_utc(at)
        except (AttributeError, OverflowError, TypeError, ValueError):
            return None

    @staticmethod
    def _check(event: object) -> None:
        if not isinstance(event, Event):
            remedy = 'Make it with sandbox.event, such as sandbox.event.log_out("Mara Quay"), which lets nothing happen yet.'
            raise InputError("That is not an event.", remedy=remedy)

    @property
    def happened(self) -> list[tuple[datetime, str]]:
        """What has happened by now, oldest first: when, and in words."""
        facts, now = self.world.facts, self.world.now()
        return [(moment.at, fact.words) for moment, fact in facts.all(Happened, ("", ""), now)]

    def family(self, token: AccessToken) -> list[Kin]:
        """Every token of the login that a token goes back to, parents before children. Raises InputError: not of this world."""
        return family(self.world, self.world.text_of(token))

    def blast_radius(self, event: Event) -> list[Kin]:
        """The tokens that work now and would not once the event had happened; nothing happens. Raises InputError: no event."""
        self._check(event)
        return blast_radius(self.world, event)

    # What an answer rests on, and what may be the matter

    def why(self, answer: object) -> Row:
        """The ledger's row behind an answer: an error, a TokenInfo or an Exchange. Raises InputError: none fits."""
        from fbnb.sandbox.ledger import why  # a lesson's question, which one that is served is not asked

        return why(answer)

    def hide(self, case: int) -> str:
        """Let something happen, the same for a number, and keep quiet about what; the case before it has never happened then.

        Raises InputError: no whole number, or nobody has logged in yet.
        """
        return hide(self.world, case)

    @property
    def suspects(self) -> list[str]:
        """What may have happened in a case, by name."""
        return list(SUSPECTS)

    def judge(self, answer: object) -> Verdict:
        """Whether a suspect is what `hide` let happen. Raises InputError: no case is open, or no suspect has that name."""
        return judge(self.world, answer)

    def line_up(self, question: Callable[[], object]) -> dict[str, list[str]]:
        """What Graph would answer to a call, such as `lambda: client.get("me", token)`, in each suspect's case.

        Returns every answer with the suspects that it leaves; the world, and an open case, stay as they are.
        """
        return line_up(self.world, question)

    def checkpoint(self) -> Checkpoint:
        """The whole world as it stands: facts, tokens, clock and counters."""
        return self.world.checkpoint()

    def rewind(self, to: Checkpoint) -> None:
        """Make the world exactly what it was."""
        self.world.rewind(to)

    def reset(self) -> None:
        """Make the world what it was at its start: `sandbox.start`."""
        self.rewind(self.start)

    # What others see of it

    def serve(self, port: int = 0, *, host: str = "127.0.0.1", key: Secret | None = None) -> AbstractContextManager[str]:
        """Serve the same world over HTTP, on loopback: `with sandbox.serve() as url`.

        port: 0 for any that is free. key: for the controls under `/_sandbox/`; without one nobody can use those.
        Raises InputError: a host that is not loopback, or a port that is taken.
        """
        from fbnb.sandbox.serve import serving  # a notebook that serves nothing loads no server

        return serving(self, key or Secret(token_urlsafe()), host=host, port=port)

    @property
    def requests(self) -> list[RequestRecord]:
        """What was asked of it, oldest first: the last thousand requests."""
        return list(self.world.requests.values())

    def state(self) -> dict[str, Any]:
        """How its world stands, in values that JSON takes: the time, who granted what, every token's state; no secrets."""
        return described(self.world)
