"""A flow as steps that are taken one at a time. No widgets: what a click does is here, and tested without a browser."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fbnb.client import GraphClient
from fbnb.errors import FbnbError, InputError
from fbnb.wire import Exchange

Held = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what it does in words, the name of what it yields, and how, given the client and what is held so far."""

    title: str
    yields: str
    take: Callable[[GraphClient, Held], Any]


@dataclass
class Walk:
    """A walk through steps. held: what they yielded, by name. error: why the last one did not, None if it did.

    exchanges: what the last step sent and was answered. A step that fails leaves the walk where it was, to try again.
    """

    client: GraphClient
    title: str
    steps: Sequence[Step]
    position: int = 0
    held: dict[str, Any] = field(default_factory=dict)
    error: FbnbError | None = None
    exchanges: list[Exchange] = field(default_factory=list)

    @property
    def done(self) -> bool:
        return self.position == len(self.steps)

    @property
    def where(self) -> str:
        """`Next is step 2 of 4: exchange the code.`"""
        if self.done:
            return f"Done: all {len(self.steps)} steps of {self.title}."
        return f"Next is step {self.position + 1} of {len(self.steps)}: {self.steps[self.position].title}."

    def next(self) -> None:
        """Take the next step; a refusal is kept in `error`. Raises InputError at the end."""
        if self.done:
            raise InputError("There is no further step.", remedy="Start over.")
        step, before = self.steps[self.position], self.client.wire.count
        self.error = None
        try:
            self.held[step.yields] = step.take(self.client, self.held)
            self.position += 1
        except FbnbError as refused:
            self.error = refused
        finally:
            self.exchanges = self.client.wire.since(before)

    def start_over(self) -> None:
        """Back to the first step, with nothing in hand; what was done at Graph stays done."""
        self.position, self.held, self.error, self.exchanges = 0, {}, None, []
