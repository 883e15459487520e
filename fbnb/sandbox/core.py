"""One request in, one answer out: the version found, the route found, the twin asked, the refusal worded.

Every adapter (in process today, over HTTP later) calls `answer` and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fbnb.errors import numbered
from fbnb.sandbox.batch import One, batch, several
from fbnb.sandbox.budgets import check, draw, usage, usage_of_all
from fbnb.sandbox.callers import caller
from fbnb.sandbox.faults import Fault, Place, struck
from fbnb.sandbox.login import redirect
from fbnb.sandbox.messages import GRAPH_HOST, Answer, Asked, Refusal
from fbnb.sandbox.records import RequestRecord, TokenRecord
from fbnb.sandbox.replies import refused, reply
from fbnb.sandbox.routes import find
from fbnb.sandbox.ways import WAYS
from fbnb.sandbox.world import World

KEPT = 1000  # requests that are remembered


def answer(world: World, asked: Asked) -> Answer:
    """The answer to a request; a refusal is an answer too. A batch, and `ids=`, are answered call by call."""
    with world.still() as now:  # what is due by now has happened, a fault or its end among it
        whole = asked.host == GRAPH_HOST and asked.method == "POST" and not asked.path and asked.get("batch")
        if whole:
            told = _together(world, asked, "alone", lambda one: batch(world, asked, one), _single)
        else:
            told = _single(world, asked, "alone")
        _remember(world, RequestRecord(now, asked, told.status, _error(told)))
        return told


def _remember(world: World, record: RequestRecord) -> None:
    number = world.serial("requests")
    world.requests[number] = record
    world.requests.pop(number - KEPT, None)


def _error(told: Answer) -> str:
    error = told.body.get("error") if isinstance(told.body, dict) else None
    return numbered(error["code"], error.get("error_subcode")) if error else ""


def _single(world: World, asked: Asked, place: Place) -> Answer:
    if asked.host == GRAPH_HOST and asked.method == "GET" and asked.get("ids") and "/" not in asked.path:
        return _together(world, asked, place, lambda one: several(asked, one), _one)
    return _one(world, asked, place)


def _together(
    world: World, asked: Asked, place: Place, make: Callable[[One], Any], each: Callable[[World, Asked, Place], Answer]
) -> Answer:
    """One answer made of several. What each says of its budget is said of all, and they arrive when the last one does."""
    inside = list[Answer]()

    def one(call: Asked) -> Answer:
        inside.append(each(world, call, "inside"))
        return inside[-1]

    def work() -> Answer:
        told = reply(world, asked, lambda version: make(one))
        late = sum(answer.seconds for answer in inside if answer.arrives)
        return told.but(headers={**told.headers, **usage_of_all(inside)}, seconds=max(told.seconds, late))

    return _unless_struck(world, asked, "around" if place == "alone" else place, work)


def _one(world: World, asked: Asked, place: Place) -> Answer:
    world.serial("calls")
    if asked.access_token and not asked.secure:
        return refused(world, asked, Refusal(1, "You must use https:// when passing an access token"))
    return _unless_struck(world, asked, place, lambda: _budgeted(world, asked))


def _unless_struck(world: World, asked: Asked, place: Place, work: Callable[[], Answer]) -> Answer:
    fault = struck(world, asked, place)
    if fault is None:
        return work()
    return fault.applied(work) if fault.what in WAYS else _refused_by(world, asked, fault)


def _refused_by(world: World, asked: Asked, fault: Fault) -> Answer:
    said = fault.refusal()
    if fault.of_dialog:
        return redirect(asked, error_code=str(said.code), error_message=said.message)
    told = refused(world, asked, said)
    return told.but(headers={**told.headers, **fault.headers(world, asked)})


def _budgeted(world: World, asked: Asked) -> Answer:
    token = _caller(world, asked)
    drawn = draw(world, asked, token)

    def ask(version: str) -> Any:
        twin = find(world, asked)
        check(drawn)
        return twin(world, asked.but(version=version if asked.version else "", served=version, caller=token))

    told = reply(world, asked, ask)
    shares = usage(world, drawn)
    return told.but(headers={**told.headers, **shares}) if shares else told


def _caller(world: World, asked: Asked) -> TokenRecord | None:
    """The token that calls, where it is one that lives: it is looked at once, for the budget and for the twin."""
    if asked.host != GRAPH_HOST or not asked.access_token:
        return None
    try:
        return caller(world, asked)
    except Refusal:  # the twin will say so itself
        return None
