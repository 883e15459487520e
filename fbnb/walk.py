"""A flow as steps that are taken one at a time. No widgets: what a click does is here, and tested without a browser."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from fbnb.client import GraphClient
from fbnb.errors import FbnbError, InputError
from fbnb.resources import rows
from fbnb.sandbox.transport import sandbox_behind
from fbnb.sandbox.world import Checkpoint
from fbnb.wire import Exchange

Held = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what it does in words, the name of what it yields, and how, given the client and what is held so far.

    inputs: what a person may choose, each with its default; `take` finds them among what is held. rehearsed: whether all
    that `take` does is to ask Graph through the client it is given, so that it can be tried out with nobody there.
    """

    title: str
    yields: str
    take: Callable[[GraphClient, Held], Any]
    inputs: Mapping[str, str] = field(default_factory=dict)
    rehearsed: bool = False


@dataclass(frozen=True, slots=True)
class _Stand:
    """Where the walk stood before it tried a step. world: None where there is none that could be rewound."""

    position: int
    held: dict[str, Any]
    world: Checkpoint | None


@dataclass
class Walk:
    """A walk through steps. held: what they yielded, by name. error: why the last one did not, None if it did.

    exchanges: what the last step sent and was answered. A step that fails leaves the walk where it was, to try again. given:
    what it was made with, by the names that its code has for it. stays: what going back does not undo. Raises InputError: no
    step.
    """

    client: GraphClient
    title: str
    steps: Sequence[Step]
    given: Mapping[str, object] = field(default_factory=dict)
    stays: str = ""
    position: int = 0
    held: dict[str, Any] = field(default_factory=dict)
    error: FbnbError | None = None
    exchanges: list[Exchange] = field(default_factory=list)
    _before: list[_Stand] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.steps:
            raise InputError("A walk has at least one step.", remedy="Give it one: Step(title, yields, take).")
        if sandbox_behind(self.client.transport) is None:
            self.stays = f"What was done at Graph stays done. {self.stays}".strip()

    @property
    def done(self) -> bool:
        return self.position == len(self.steps)

    @property
    def begun(self) -> bool:
        """Whether there is anything to go back from."""
        return bool(self._before)

    @property
    def step(self) -> Step:
        """The next step; at the end the last one."""
        return self.steps[min(self.position, len(self.steps) - 1)]

    @property
    def code(self) -> str:
        """The same step as fbnb code, for whoever goes without a walk; "" for a walk of one's own."""
        place = self.title, self.step.yields
        return next((row["code"] for row in rows("steps.csv") if (row["walk"], row["yields"]) == place), "")

    @property
    def where(self) -> str:
        """`Next is step 2 of 4: exchange the code.`"""
        if self.done:
            return f"Done: all {len(self.steps)} steps of {self.title}."
        return f"Next is step {self.position + 1} of {len(self.steps)}: {self.step.title}."

    def rehearse(self, **inputs: str) -> list[Exchange]:
        """What the next step would send first; nothing is sent, and nothing changes. Empty where it sends nothing."""
        if self.done or not self.step.rehearsed:
            return []
        client = self.client.rehearsing()
        with suppress(FbnbError):  # nothing comes back in a rehearsal
            self.step.take(client, {**self.held, **self.step.inputs, **inputs})
        return client.wire.last(client.wire.count)[:1]

    def next(self, **inputs: str) -> None:
        """Take the next step, with its inputs or other ones; a refusal is kept in `error`. Raises InputError at the end."""
        if self.done:
            raise InputError("There is no further step.", remedy="Start over.")
        step, before = self.step, self.client.wire.count
        if not self._before or self._before[-1].position != self.position:
            self._before.append(self._stand())  # before the first try: one that fails may have changed the world
        self.error = None
        try:
            self.held[step.yields] = step.take(self.client, {**self.held, **step.inputs, **inputs})
            self.position += 1
        except FbnbError as refused:
            self.error = refused
        finally:
            self.exchanges = self.client.wire.since(before)

    def back(self) -> None:
        """To where the walk stood before it tried the last step, and the sandbox's whole world, clock included, with it.

        On live Graph what was done stays done. Raises InputError at the beginning.
        """
        if not self._before:
            raise InputError("There is no step to go back from.", remedy="Take one first.")
        self._return_to(len(self._before) - 1)

    def start_over(self) -> None:
        """Back to the first step, with nothing in hand, as by going back step by step."""
        if self._before:
            self._return_to(0)

    def _stand(self) -> _Stand:
        sandbox = sandbox_behind(self.client.transport)
        return _Stand(self.position, dict(self.held), sandbox.checkpoint() if sandbox else None)

    def _return_to(self, number: int) -> None:
        stand, sandbox = self._before[number], sandbox_behind(self.client.transport)
        if sandbox and stand.world:
            sandbox.rewind(stand.world)
        del self._before[number:]
        self.position, self.held, self.error, self.exchanges = stand.position, dict(stand.held), None, []
