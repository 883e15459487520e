"""What a sandbox can be told while it is served, as JSON: the clock, events, faults, going back, and what was asked of it.

Each control is a method of Sandbox too; nothing is decided here.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, get_type_hints

import msgspec

from fbnb.errors import InputError
from fbnb.sandbox.control import Sandbox
from fbnb.sandbox.events import Events
from fbnb.sandbox.world import Checkpoint
from fbnb.tokens import AccessToken

Told = dict[str, Any]
"""A JSON object, as a control is told it."""

EVENTS = {name: way for name, way in vars(Events).items() if not name.startswith("_")}


class Amount(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Some time."""

    days: float = 0
    hours: float = 0
    minutes: float = 0
    seconds: float = 0


class When(msgspec.Struct, frozen=True):
    """When an event happens: at an instant, in UTC where it names no zone, or after some time; and again and again."""

    at: datetime | None = None
    after: Amount | None = None
    every: Amount | None = None


class Controls:
    """The controls of one sandbox: a table by name and HTTP method; and the checkpoints that were made through them."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._checkpoints: dict[str, Checkpoint] = {}
        self.table: dict[str, dict[str, Callable[[Told], Any]]] = {
            "": {"GET": self._list},
            "state": {"GET": self._state},
            "requests": {"GET": self._requests},
            "clock": {"GET": self._time, "POST": self._advance},
            "events": {"GET": self._events, "POST": self._event},
            "faults": {"POST": self._fail, "DELETE": self._heal},
            "checkpoint": {"POST": self._checkpoint},
            "rewind": {"POST": self._rewind},
            "reset": {"POST": self._reset},
        }

    def answer(self, method: str, control: str, body: bytes) -> bytes:
        """What a control of the table answers, as JSON. body: JSON, or nothing. Raises InputError: it cannot be told that."""
        told = _decoded(body)
        with self._sandbox.world.lock:
            return msgspec.json.encode(self.table[control][method](told))

    def _list(self, told: Told) -> dict[str, str | None]:
        """What there is."""
        ways = [(f"{method} /_sandbox/{name}", way) for name, ways in self.table.items() for method, way in ways.items()]
        return {name: inspect.getdoc(way) for name, way in ways}

    def _state(self, told: Told) -> dict[str, Any]:
        """How the world stands: who granted what, every token's state, what is due and what has happened."""
        return self._sandbox.state()

    def _requests(self, told: Told) -> list[dict[str, Any]]:
        """What was asked of the sandbox, oldest first: the last thousand requests."""
        return [request.told() for request in self._sandbox.requests]

    def _time(self, told: Told) -> dict[str, str]:
        """What the clock reads."""
        return {"now": self._sandbox.clock.now().isoformat()}

    def _advance(self, told: Told) -> dict[str, str]:
        """Move the clock on: {"days": 60}, or hours, minutes, seconds."""
        try:
            if not (step := _span(_converted(told, Amount))):
                raise ValueError("it was not told how far")
            self._sandbox.clock.advance(seconds=step.total_seconds())
        except ValueError as wrong:
            problem = str(wrong)
        else:
            return self._time(told)
        raise InputError(f"The clock stays: {problem}.", remedy='Such as {"days": 60}.')

    def _events(self, told: Told) -> dict[str, dict[str, Any]]:
        """The events there are, what each does, and what it takes."""
        return {name: {"does": inspect.getdoc(way), "takes": _takes(way)} for name, way in EVENTS.items()}

    def _event(self, told: Told) -> dict[str, str]:
        """Let one happen: {"event": "log_out", "person": "Mara Quay"}; later with "at", "after" or "every": {"days": 30}."""
        name = told.pop("event", None)
        if not isinstance(name, str) or name not in EVENTS:
            raise InputError(f"There is no event {name!r}.", remedy=f"There are {', '.join(EVENTS)}.")
        return self._let(name, told)

    def _fail(self, told: Told) -> dict[str, str]:
        """Let calls fail: {"what": 2, "times": 3}; the event `fail`."""
        return self._let("fail", told)

    def _heal(self, told: Told) -> dict[str, str]:
        """Let no call fail any more; the event `heal`."""
        return self._let("heal", told)

    def _let(self, name: str, told: Told) -> dict[str, str]:
        """Returns when it happens, and what, in words; as the state tells it too."""
        due = {name: told.pop(name) for name in ("at", "after", "every") if name in told}
        event = getattr(self._sandbox.event, name)(**_arguments(name, told))
        if due:
            at = self._schedule(event, _converted(due, When))
        else:
            self._sandbox.world.happen(event)
            at = self._sandbox.world.now()
        return {"at": at.isoformat(), "what": event.words}

    def _schedule(self, event: Any, when: When) -> datetime:
        at = when.at.replace(tzinfo=when.at.tzinfo or UTC) if when.at else None
        after = {"seconds": _span(when.after).total_seconds()} if when.after else {}
        try:
            return self._sandbox.schedule(event, at=at, every=_span(when.every) if when.every else None, **after)
        except InputError as wrong:
            remedy = 'Such as "at": "2030-12-24T18:00:00Z", or "after": {"days": 30}; and "every": {"days": 7}.'
            raise InputError(wrong.problem, remedy=remedy) from None

    def _checkpoint(self, told: Told) -> dict[str, str]:
        """Keep the whole world as it stands, to come back to."""
        name = str(len(self._checkpoints) + 1)
        self._checkpoints[name] = self._sandbox.checkpoint()
        return {"checkpoint": name}

    def _rewind(self, told: Told) -> dict[str, str]:
        """Make the world what it was: {"checkpoint": "1"}."""
        name, there_are = str(told.get("checkpoint")), ", ".join(self._checkpoints) or "none yet"
        if name not in self._checkpoints:
            raise InputError(f"There is no checkpoint {name!r}.", remedy=f"There are: {there_are}.")
        self._sandbox.rewind(self._checkpoints[name])
        return self._time(told)

    def _reset(self, told: Told) -> dict[str, str]:
        """Make the world what it was when it was first served, clock included."""
        self._sandbox.reset()
        return self._time(told)


def _decoded(body: bytes) -> Told:
    try:
        return msgspec.json.decode(body or b"{}", type=Told)
    except (ValueError, RecursionError):
        raise InputError("The body is not a JSON object.", remedy='Such as {"days": 60}.') from None


def _takes(way: Callable[..., Any]) -> list[str]:
    parameters = list(inspect.signature(way).parameters.values())[1:]
    return [str(parameter).replace(f"'{parameter.annotation}'", parameter.annotation) for parameter in parameters]


def _arguments(name: str, told: Told) -> Told:
    """The arguments of an event as it takes them. Raises InputError: one it does not take, one too few, or of another kind."""
    way = EVENTS[name]
    try:
        inspect.signature(way).bind(None, **told)
    except TypeError as wrong:
        problem = str(wrong)
    else:
        hints = get_type_hints(way)
        return {key: _converted(value, hints.get(key, Any), f"{key}: ") for key, value in told.items()}
    raise InputError(f"{name}: {problem}.", remedy=f"It takes {', '.join(_takes(way)) or 'nothing'}.")


def _converted(value: Any, kind: Any, named: str = "") -> Any:
    try:
        if kind is AccessToken:
            return AccessToken.of(msgspec.convert(value, str))
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as wrong:
        raise InputError(f"{named}{wrong}.", remedy="GET /_sandbox/ and GET /_sandbox/events say what is taken.") from None


def _span(amount: Amount) -> timedelta:
    try:
        return timedelta(**msgspec.structs.asdict(amount))
    except OverflowError:
        raise InputError("That is longer than time lasts here.", remedy='Such as {"days": 60}.') from None
