"""Something happens and nobody says what: one of many causes, hidden behind a number, to be found out by asking Graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fbnb.errors import InputError
from fbnb.exercise import Verdict
from fbnb.sandbox.events import Events
from fbnb.sandbox.world import Event, World

_WHO, _WHERE, _BUSINESS, _SCOPE = "Mara Quay", "Harbour Bakery", "Harbour Street Collective", "pages_show_list"

SUSPECTS: Mapping[str, Callable[[Events[Event]], Event]] = {
    "time ran out": lambda events: Event("61 days pass", lambda world: world.clock.advance(days=61)),
    "password changed": lambda events: events.change_password(_WHO),
    "sessions reset": lambda events: events.reset_sessions(_WHO),
    "logged out": lambda events: events.log_out(_WHO),
    "app removed": lambda events: events.remove_app(_WHO),
    "invalidated by the app": lambda events: events.invalidate(_WHO),
    "checkpoint": lambda events: events.question(_WHO),
    "blocking checkpoint": lambda events: events.block(_WHO),
    "account unconfirmed": lambda events: events.unconfirm(_WHO),
    "permission taken back": lambda events: events.remove_permission(_WHO, "", _SCOPE),
    "permission expired": lambda events: events.expire_permission(_WHO, "", _SCOPE),
    "Page unticked": lambda events: events.untick_page(_WHO, "", _WHERE),
    "Page role lost": lambda events: events.change_role(_WHO, _WHERE),
    "two-factor demanded": lambda events: events.demand_two_factor(_BUSINESS),
    "Page deleted": lambda events: events.delete_page(_WHERE),
    "Page unpublished": lambda events: events.hide_page(_WHERE),
    "data access over": lambda events: events.end_data_access(_WHO),
    "app secret reset": lambda events: events.reset_secret(),
    "app blocked": lambda events: events.block_app(),
    "app deactivated": lambda events: events.deactivate_app(),
    "app deleted": lambda events: events.delete_app(),
}


@dataclass(frozen=True, slots=True)
class CauseHidden:
    """A case is open. calls: how many had been made before. Key: ("mystery", "")."""

    name: str
    calls: int


def hide(world: World, case: int) -> str:
    """Let one of the suspects happen, always the same for a case's number, and say nothing but that.

    Raises InputError: it cannot happen in this world yet.
    """
    name = list(SUSPECTS)[int(world.digest(f"case/{case}", 8), 16) % len(SUSPECTS)]
    SUSPECTS[name](Events(world, lambda event: event)).act(world)
    world.note(("mystery", ""), CauseHidden(name, world.counters.get("calls", 0)))
    return f"Case {case}: something has happened to {_WHO}, to {_WHERE} or to the app. It is one of {len(SUSPECTS)} causes."


def judge(world: World, answer: object) -> Verdict:
    """Whether that is what happened, after how many calls. Raises InputError: no case is open, or no suspect has that name."""
    hidden = world.latest(CauseHidden, ("mystery", ""))
    if hidden is None:
        raise InputError("No case is open.", remedy="Begin with sandbox.hide(1).")
    if answer not in SUSPECTS:
        raise InputError(f"There is no suspect {answer!r}.", remedy=f"There are {', '.join(SUSPECTS)}.")
    calls = world.counters.get("calls", 0) - hidden.calls
    if answer == hidden.name:
        return Verdict(True, f"Right: {hidden.name}, found with {calls} call{'' if calls == 1 else 's'}.")
    return Verdict(False, f"Not {answer}. Compare what each of your {calls} answers rules out, and ask once more.")
