"""Faults: what a call meets in place of its answer, or on the way there. Seeded, and so the same in every run."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Literal

from fbnb.errors import InputError
from fbnb.sandbox.messages import GRAPH_HOST, Answer, Asked, Refusal
from fbnb.sandbox.ways import STATUSES, WAYS, gone_wrong
from fbnb.sandbox.wording import refusal, wait_headers

if TYPE_CHECKING:
    from fbnb.sandbox.world import World

Place = Literal["alone", "around", "inside"]
"""Where a call stands: alone in its request, around others (a batch, `ids=`), or inside such a one."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What befalls calls. what: a code as Graph numbers it, or one of the WAYS a request can go wrong.

    path: a pattern such as `act_*/campaigns`, "" for every call; method: "" for any. left: how many more calls it befalls,
    None for all until it is healed. chance: of each. words, status: of the refusal or page, where not the usual. seconds:
    how long a slow body takes. retry_after: when Graph says to come back, in seconds.
    """

    what: str
    path: str = ""
    method: str = ""
    left: int | None = None
    chance: float = 1.0
    words: str = ""
    status: int | None = None
    seconds: float = 30.0
    retry_after: float | None = None

    def __post_init__(self) -> None:
        few = self.left is not None and not (isinstance(self.left, int) and self.left >= 1)
        html, numbers = self.what == "html", (self.seconds, self.retry_after or 0)
        for wrong, problem, remedy in (
            (few, "A fault befalls one call or more.", "Leave times out for every call."),
            (not 0 < self.chance <= 1, "A chance is above 0 and at most 1.", "Such as chance=0.3."),
            (not all(math.isfinite(n) and n >= 0 for n in numbers), "Seconds are 0 or more.", "Such as seconds=30."),
            (html and self.status not in {None, *STATUSES}, "A page of error is a 5xx.", f"There are {STATUSES}."),
            (not 200 <= (self.status or 400) < 600, "A status of HTTP is from 200 to 599.", "Such as status=503."),
        ):
            if wrong:
                raise InputError(problem, remedy=remedy)
        if self.what not in WAYS:
            self.refusal()

    def refusal(self) -> Refusal:
        """What Graph says. Raises InputError: it has no such code, and there is no such way."""
        if not re.fullmatch(r"-?\d+(/\d+)?", self.what):
            remedy = f"There are {', '.join(WAYS)}, and Graph's codes, such as 2 or 80004/2446079."
            raise InputError(f"A call cannot fail with {self.what!r}.", remedy=remedy)
        return refusal(self.what, self.words, self.status)

    @property
    def of_dialog(self) -> bool:
        """Whether it is the login dialog that says it, in its redirect."""
        return self.what not in WAYS and self.refusal().type == "redirect"

    def strikes(self, asked: Asked, place: Place) -> bool:
        """Whether it befalls such a call, chance apart."""
        of_code = self.what not in WAYS
        if asked.path == "dialog/oauth" or self.of_dialog:
            return self.of_dialog and asked.path == "dialog/oauth"
        if of_code and asked.host != GRAPH_HOST:
            return False
        # A code is Graph's answer to each call; whatever else befalls the whole request, or one call that is named.
        if (place == "around" and (of_code or self.path)) or (place == "inside" and not (of_code or self.path)):
            return False
        return self.method in {"", asked.method} and fnmatchcase(asked.path, self.path.strip("/") or "*")

    def applied(self, work: Callable[[], Answer]) -> Answer:
        """What is left of an answer. work: makes it."""
        return gone_wrong(self.what, work, self.status or 500, self.seconds, self.retry_after)

    def headers(self, world: World, asked: Asked) -> dict[str, str]:
        """When to come back, as Graph says it."""
        node = asked.path.partition("/")[0].removeprefix("act_")
        return wait_headers(self.refusal().code, node if node.isdecimal() else world.seed.businesses[0].id, self.retry_after)


def befall(world: World, fault: Fault) -> None:
    """From now on the fault befalls calls, after those that were there before."""
    world.faults[world.serial("fault")] = fault


def struck(world: World, asked: Asked, place: Place) -> Fault | None:
    """The first fault that befalls a call, counted down by one."""
    for number, fault in world.faults.items():
        if fault.strikes(asked, place) and _by_chance(world, fault):
            if fault.left == 1:
                del world.faults[number]
            elif fault.left:
                world.faults[number] = replace(fault, left=fault.left - 1)
            return fault
    return None


def _by_chance(world: World, fault: Fault) -> bool:
    return fault.chance == 1 or int(world.next_digest("chance", 8), 16) < fault.chance * 16**8
