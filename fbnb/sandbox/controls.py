"""What a sandbox can be told while it is served, as JSON: the clock, events, faults, going back, and what was asked of it.

Each control is a method of Sandbox too; nothing is decided here.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, get_type_hints

import msgspec

from fbnb.errors import InputError
from fbnb.sandbox.control import Sandbox
from fbnb.sandbox.events import Events
from fbnb.sandbox.world import Checkpoint
from fbnb.tokens import AccessToken

EVENTS = tuple(name for name in vars(Events) if not name.startswith("_"))


class When(msgspec.Struct, frozen=True):
    """When an event happens: at once, at an instant, or after some time; and again and again."""

    at: datetime | None = None
    after: dict[str, float] = {}
    every: dict[str, float] = {}


class Controls:
    """The controls of one sandbox, by name; and the checkpoints that were made through them."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._checkpoints: dict[str, Checkpoint] = {}

    def answer(self, method: str, control: str, told: dict[str, Any]) -> Any:
        """What a control answers, to be sent as JSON. Raises InputError: no such control, or it cannot be told that."""
        table: dict[str, dict[str, Callable[[dict[str, Any]], Any]]] = {
            "state": {"GET": lambda told: self.sandbox.state()},
            "clock": {"GET": self._time, "POST": self._advance},
            "events": {"GET": self._events, "POST": self._event},
            "faults": {"POST": self._fail, "DELETE": self._heal},
            "checkpoint": {"POST": self._checkpoint},
            "rewind": {"POST": self._rewind},
            "reset": {"POST": self._reset},
            "requests": {"GET": lambda told: [request.told() for request in self.sandbox.requests]},
        }
        ways = table.get(control, {})
        if method not in ways:
            there_are = [f"{' and '.join(ways)} {name}" for name, ways in table.items()]
            raise InputError(f"There is no control {method} {control}.", remedy=f"There are {', '.join(there_are)}.")
        with self.sandbox.world.lock:
            return ways[method](told)

    def _time(self, told: dict[str, Any]) -> dict[str, str]:
        return {"now": self.sandbox.clock.now().isoformat()}

    def _advance(self, told: dict[str, Any]) -> dict[str, str]:
        try:
            self.sandbox.clock.advance(**told)
        except (TypeError, ValueError, OverflowError) as wrong:
            problem = str(wrong)
        else:
            return self._time({})
        raise InputError(f"The clock cannot be moved by that: {problem}.", remedy='Such as {"days": 60}.')

    def _events(self, told: dict[str, Any]) -> dict[str, dict[str, str]]:
        made = {name: getattr(Events, name) for name in EVENTS}
        return {name: {"takes": ", ".join(_takes(way)), "does": inspect.getdoc(way) or ""} for name, way in made.items()}

    def _event(self, told: dict[str, Any]) -> dict[str, Any]:
        """`{"event": "change_password", "person": "Mara Quay"}`, and `at`, `after`, `every` for later."""
        name, when = told.pop("event", None), {name: told.pop(name) for name in ("at", "after", "every") if name in told}
        if name not in EVENTS:
            raise InputError(f"There is no event {name!r}.", remedy=f"There are {', '.join(EVENTS)}.")
        event = getattr(self.sandbox.event, name)(**_arguments(getattr(Events, name), told))
        if not when:
            self.sandbox.world.happen(event)
            return {"happened": event.words, "now": self.sandbox.clock.now().isoformat()}
        due = _converted(when, When)
        every = timedelta(**_units(due.every)) if due.every else None
        return {"due": self.sandbox.schedule(event, at=due.at, every=every, **_units(due.after)).isoformat()}

    def _fail(self, told: dict[str, Any]) -> dict[str, Any]:
        return self._event({"event": "fail", **told})

    def _heal(self, told: dict[str, Any]) -> dict[str, Any]:
        return self._event({"event": "heal"})

    def _checkpoint(self, told: dict[str, Any]) -> dict[str, str]:
        name = str(len(self._checkpoints) + 1)
        self._checkpoints[name] = self.sandbox.checkpoint()
        return {"checkpoint": name}

    def _rewind(self, told: dict[str, Any]) -> dict[str, str]:
        there_are = ", ".join(self._checkpoints) or "none yet"
        if (name := told.get("checkpoint")) not in self._checkpoints:
            raise InputError(f"There is no checkpoint {name!r}.", remedy=f"There are: {there_are}.")
        self.sandbox.rewind(self._checkpoints[name])
        return self._time({})

    def _reset(self, told: dict[str, Any]) -> dict[str, str]:
        self.sandbox.reset()
        return self._time({})


def _takes(way: Callable[..., Any]) -> list[str]:
    return [str(parameter) for name, parameter in inspect.signature(way).parameters.items() if name != "self"]


def _arguments(way: Callable[..., Any], told: dict[str, Any]) -> dict[str, Any]:
    """The arguments of an event as it takes them. Raises InputError: one it does not take, one too few, or of another kind."""
    try:
        inspect.signature(way).bind(None, **told)
    except TypeError as wrong:
        problem = str(wrong)
    else:
        hints = get_type_hints(way)
        return {name: _converted(value, hints.get(name, Any)) for name, value in told.items()}
    raise InputError(f"{way.__name__}: {problem}.", remedy=f"It takes {', '.join(_takes(way)) or 'nothing'}.")


def _converted(value: Any, kind: Any) -> Any:
    if kind is AccessToken:
        return AccessToken.of(str(value))
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as wrong:
        problem = str(wrong)
    raise InputError(f"{problem}.", remedy="GET /_sandbox/events says what each event takes.")


def _units(amount: dict[str, float]) -> dict[str, float]:
    if unknown := set(amount) - {"days", "hours", "minutes", "seconds"}:
        raise InputError(f"There is no unit {unknown.pop()!r}.", remedy="There are days, hours, minutes and seconds.")
    return amount
