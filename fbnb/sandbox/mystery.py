"""Something happens and nobody says what: one of many causes, hidden behind a number, to be found out by asking Graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from fbnb.errors import GraphError, InputError, numbered
from fbnb.exercise import Verdict, check
from fbnb.sandbox.events import Events
from fbnb.sandbox.world import Checkpoint, Event, World

_WHO, _WHERE, _BUSINESS, _SCOPE = "Mara Quay", "Harbour Bakery", "Harbour Street Collective", "pages_show_list"
_CASE = ("mystery", "")


@dataclass(frozen=True, slots=True)
class Suspect:
    """What may have happened. event: makes it happen. shows: how Graph's answers give it away, in words that follow "which"."""

    event: Callable[[Events[Event]], Event]
    shows: str


SUSPECTS: Mapping[str, Suspect] = {
    "time ran out": Suspect(
        lambda events: Event("61 days pass", lambda world: world.clock.advance(days=61)),
        "gives 190/463 for the user token, while a Page token without an end works on",
    ),
    "password changed": Suspect(lambda events: events.change_password(_WHO), "gives 190/460 for every token of the person"),
    "sessions reset": Suspect(lambda events: events.reset_sessions(_WHO), "gives 190/452 for every token of the person"),
    "logged out": Suspect(lambda events: events.log_out(_WHO), "gives 190/467 for every token of the person"),
    "app removed": Suspect(
        lambda events: events.remove_app(_WHO), "gives 190/458 for every token of the person, and debug_token lists no scopes"
    ),
    "invalidated by the app": Suspect(
        lambda events: events.invalidate(_WHO), "gives 190/466 for every token of the person, and debug_token lists no scopes"
    ),
    "checkpoint": Suspect(lambda events: events.question(_WHO), "gives 190/459 for every token of the person"),
    "blocking checkpoint": Suspect(lambda events: events.block(_WHO), "gives 190/490 for every token of the person"),
    "account unconfirmed": Suspect(lambda events: events.unconfirm(_WHO), "gives 190/464 for every token of the person"),
    "permission taken back": Suspect(
        lambda events: events.remove_permission(_WHO, "", _SCOPE),
        "leaves the permission with the status declined, and the list of Pages empty",
    ),
    "permission expired": Suspect(
        lambda events: events.expire_permission(_WHO, "", _SCOPE),
        "leaves the permission with the status expired, and the list of Pages empty",
    ),
    "Page unticked": Suspect(
        lambda events: events.untick_page(_WHO, "", _WHERE),
        "leaves every permission granted, and debug_token lists target_ids without the Page",
    ),
    "Page role lost": Suspect(
        lambda events: events.change_role(_WHO, _WHERE), "gives 190/492 for the Page token, and the Page is listed no more"
    ),
    "two-factor demanded": Suspect(
        lambda events: events.demand_two_factor(_BUSINESS),
        "gives 190/492 for the Page token, and the Page is still listed, without a token",
    ),
    "Page deleted": Suspect(
        lambda events: events.delete_page(_WHERE), "is told in words by the Page token alone: a Page that has been deleted"
    ),
    "Page unpublished": Suspect(
        lambda events: events.hide_page(_WHERE), "is told in words by the Page token alone: a Page that is not accessible"
    ),
    "data access over": Suspect(
        lambda events: events.end_data_access(_WHO),
        "leaves a user token that is valid and may not read, its data_access_expires_at past",
    ),
    "app secret reset": Suspect(
        lambda events: events.reset_secret(),
        "gives 190 for the app token and 100 for every proof, both of which are made with the secret",
    ),
    "app blocked": Suspect(lambda events: events.block_app(), "gives 200 API access blocked for every call, debug_token too"),
    "app deactivated": Suspect(
        lambda events: events.deactivate_app(), "gives 200 API access deactivated for every call, debug_token too"
    ),
    "app deleted": Suspect(
        lambda events: events.delete_app(), "gives 190 Application has been deleted for every call, debug_token too"
    ),
}


@dataclass(frozen=True, slots=True)
class CauseHidden:
    """A case is open. calls: how many had been made when it began. before: the world without it. Key: ("mystery", "")."""

    name: str = field(repr=False)
    calls: int
    before: Checkpoint


def hide(world: World, case: int) -> str:
    """Let one of the suspects happen, always the same for a case's number, and say nothing but that.

    A case that was open before has never happened then, nor has what was done since. Raises InputError: that is no number of
    a case, or nobody has logged in yet, so that there is nothing to go wrong.
    """
    if not isinstance(case, int):
        raise InputError(f"A case is a whole number, not {case!r}.", remedy="Try sandbox.hide(1).")
    _put_back(world)
    if _SCOPE not in world.grant(world.person_named(_WHO).id, world.seed.apps[0].id).granted:
        raise InputError("Nothing can go wrong yet.", remedy=f"First let {_WHO} log in, with {_SCOPE}.")
    before, name = world.checkpoint(), _culprit(world, case)
    _happen(world, name)
    world.note(_CASE, CauseHidden(name, world.counters.get("calls", 0), before))
    return f"Case {case}: something has happened to {_WHO}, to {_WHERE} or to the app. It is one of {len(SUSPECTS)} causes."


def _put_back(world: World) -> None:
    if hidden := world.latest(CauseHidden, _CASE):
        world.rewind(hidden.before)


def _culprit(world: World, case: int) -> str:
    # An order of the world's own, so that as many cases in a row as there are suspects bring up each of them once.
    order = sorted(SUSPECTS, key=lambda name: world.digest(f"case/{name}", 16))
    return order[case % len(order)]


def _happen(world: World, name: str) -> None:
    SUSPECTS[name].event(Events(world, lambda event: event)).act(world)


def judge(world: World, answer: object) -> Verdict:
    """Whether that is what happened, why, and after how many calls; `...` is no answer yet.

    Raises InputError: no case is open, or no suspect has that name.
    """
    hidden = world.latest(CauseHidden, _CASE)
    if hidden is None:
        raise InputError("No case is open.", remedy="Begin with sandbox.hide(1).")
    if answer is not ...:
        answer = {name.casefold(): name for name in SUSPECTS}.get(str(answer).casefold(), answer)
    if answer is not ... and answer not in list(SUSPECTS):
        raise InputError(f"There is no suspect {answer!r}.", remedy=f"There are {', '.join(SUSPECTS)}.")
    calls = world.counters.get("calls", 0) - hidden.calls
    if answer not in {..., hidden.name}:
        return Verdict(False, f"Not {answer}, which {SUSPECTS[str(answer)].shows}. Compare, ask on, and accuse again.")
    because = f"Found with {calls} call{'' if calls == 1 else 's'}. This {SUSPECTS[hidden.name].shows}."
    return check(answer, right=hidden.name, because=because)


def line_up(world: World, question: Callable[[], object]) -> dict[str, list[str]]:
    """What Graph would answer to a question in each suspect's case: every answer, and the suspects that it leaves.

    question: makes the call, such as `lambda: client.get("me", token)`. Afterwards the world is what it was, an open case
    included. Raises what is no refusal of Graph's.
    """
    now, found = world.checkpoint(), dict[str, list[str]]()
    try:
        _put_back(world)
        before = world.checkpoint()
        for name in SUSPECTS:
            _happen(world, name)
            found.setdefault(_answer(question), []).append(name)
            world.rewind(before)
    finally:
        world.rewind(now)
    return found


def _answer(question: Callable[[], object]) -> str:
    try:
        return str(question())
    except GraphError as refused:
        return f"{numbered(refused.code, refused.subcode)} {refused.message}"
