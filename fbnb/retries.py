"""Calling again: only what is safe to repeat, only as long as was agreed, every wait by the client's own clock.

| what came back                     | a read (*)  | a form or deletion | `oauth/...`: a code, a grant |
|------------------------------------|-------------|--------------------|------------------------------|
| nothing, a page of error, a cut    | 1, 2, 4 s   | never              | never                        |
| code 1, 2, -1, or `is_transient`   | 1, 2, 4 s   | never              | never                        |
| a rate limit, and when to come back| then        | then               | never                        |
| any other refusal, 190 above all   | never       | never              | never                        |

(*) or a batch of nothing but reads, as a whole: what is refused inside it is handed back, and not called again.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from itertools import chain, count
from typing import Any, cast

import tenacity

from fbnb.clock import Clock
from fbnb.errors import FbnbError, InputError, RateLimited

POLLED_TOO_OFTEN = 1349172
_SHOWN_FROM = 2  # seconds: a shorter wait is over before anyone wonders
_LEAST = 0.1  # seconds that an attempt is given, once it was agreed
_NOT_A_READ = re.compile(r"/*(v\d+\.\d+/+)?oauth/")


class Repeat(Enum):
    """What may be done about a call that was not answered."""

    READ = "any time: it changes nothing"
    CHANGE = "only when Graph has surely not done it"
    NEVER = "it is good once"


def repeatable(method: str, path: str) -> Repeat:
    """Whether a call may be sent again. Under `oauth/` codes are spent and tokens made, even with GET."""
    if _NOT_A_READ.match(path):
        return Repeat.NEVER
    return Repeat.READ if method.upper() == "GET" else Repeat.CHANGE


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one attempt came to. passing: the same call may well succeed in a moment. wait: seconds, where Graph told them."""

    value: dict[str, Any] | BaseException
    passing: bool = False
    wait: float | None = None

    @property
    def limited(self) -> bool:
        """Whether it was refused for being one too many; a device that polls too often has a pace of its own."""
        return isinstance(self.value, RateLimited) and self.value.subcode != POLLED_TOO_OFTEN


@dataclass(frozen=True, slots=True)
class Retries:
    """How often and how long. attempts: at most, the first included. seconds: for all of them, waits included.

    Raises InputError: no attempt, or no time at all.
    """

    attempts: int = 4
    seconds: float = 120

    def __post_init__(self) -> None:
        right = isinstance(self.attempts, int) and isinstance(self.seconds, int | float)
        if not (right and self.attempts >= 1 and self.seconds > 0):
            problem = "Retries need a whole number of attempts, 1 or more, and seconds above 0."
            raise InputError(problem, remedy="Such as Retries(attempts=4, seconds=120).")

    def run(self, attempt: Callable[[float], Outcome], may: Repeat, clock: Clock, *, quiet: bool = True) -> Outcome:
        """The outcome of the last attempt, with what is to be known about the others in its error.

        attempt: given the seconds that are left; returns what it came to, never raises. quiet: show no bar while waiting.
        """
        start = clock.now()

        def left() -> float:
            return self.seconds - (clock.now() - start).total_seconds()

        def once() -> Outcome:
            # A sleep may last longer than it was told to; no time-out is below nothing.
            return attempt(max(left(), _LEAST))

        first = once()
        if _pause(first, may, 1) is None:  # as nearly always
            return _told(first, may, 1, start, clock.now())
        attempts = chain([first], (once() for _ in count()))
        again = tenacity.Retrying(
            retry=tenacity.retry_if_result(lambda outcome: _pause(outcome, may, 1) is not None),
            wait=lambda state: _pause(_outcome(state), may, state.attempt_number) or 0,
            # tenacity's own stop_after_delay goes by the machine's clock.
            stop=lambda state: state.attempt_number >= self.attempts or state.upcoming_sleep + _LEAST > left(),
            sleep=lambda seconds: _sleep(clock, float(seconds), quiet),
            retry_error_callback=_outcome,
        )
        outcome: Outcome = again(lambda: next(attempts))
        return _told(outcome, may, again.statistics["attempt_number"], start, clock.now())


NO_RETRIES = Retries(attempts=1)


def _outcome(state: tenacity.RetryCallState) -> Outcome:
    return cast("Outcome", cast("tenacity.Future", state.outcome).result())


def _pause(outcome: Outcome, may: Repeat, attempt: int) -> float | None:
    """Seconds until the call may be sent again; None where it may not be."""
    if outcome.limited and may is not Repeat.NEVER:
        return outcome.wait
    if outcome.passing and may is Repeat.READ:
        return outcome.wait if outcome.wait is not None else 2.0 ** (attempt - 1)
    return None


def _told(outcome: Outcome, may: Repeat, attempts: int, start: datetime, end: datetime) -> Outcome:
    error = outcome.value
    if not isinstance(error, FbnbError):
        return outcome
    if attempts > 1:
        error.amend(f"Tried {attempts} times in {(end - start).total_seconds():.0f} seconds.")
    if outcome.passing and not outcome.limited and may is Repeat.CHANGE:
        error.amend("It may have been done all the same: look, before you send it again.")
    if outcome.limited and outcome.wait is not None:
        error.amend(remedy=f"Wait {_words(outcome.wait)} before the next call: Graph says so.")
    return outcome


def _words(seconds: float) -> str:
    return f"{seconds:.0f} seconds" if seconds < 120 else f"{math.ceil(seconds / 60)} minutes"


def _sleep(clock: Clock, seconds: float, quiet: bool) -> None:
    if quiet or seconds <= _SHOWN_FROM:
        clock.sleep(seconds)
        return
    from tqdm.auto import tqdm  # it loads ipywidgets, which a client that never waits does without

    whole = int(seconds)
    for step in tqdm([*[1.0] * whole, seconds - whole], desc="Waiting for Graph", unit="s", disable=None):  # as under cron
        clock.sleep(step)
