"""How fast an audit may go: by what Graph says of the app's limit, so that the next requests do not go beyond it."""

from __future__ import annotations

import math

from fbnb.client import BATCH
from fbnb.errors import RateLimited
from fbnb.usage import Usage

_FULL = 90  # percent of the limit: what is above an audit leaves to the rest of the app
_PAUSE = 300  # seconds until a limit that is reached is looked at again
_PATIENCE = 15  # looks: of a limit by the hour, one of them finds room


class Pace:
    """Begins with one request, learns from all what they cost, and never has more under way than there is room for."""

    def __init__(self) -> None:
        self.heard, self._percent, self._minutes, self._refused, self._pauses = False, 0.0, 0, False, 0
        self._risen, self._calls, self._guess = 0.0, 0, 0.0

    @property
    def room(self) -> float:
        """For how many calls there is room. Until the first answer nobody knows of a limit."""
        if self._refused or self._minutes > 0:
            return 0
        return (_FULL - self._percent) / self._each if self._each else math.inf

    @property
    def _each(self) -> float:
        """What a call costs, in percent of the limit. Graph rounds down: what that hides is added."""
        return (self._risen + 1) / self._calls if self._calls else self._guess

    @property
    def full(self) -> bool:
        """Whether one more call would go too far; after a pause, one finds out when it would no more."""
        return self.room < 1

    @property
    def size(self) -> int:
        """How many calls the next request may have."""
        return int(max(1, min(BATCH, self.room)))

    def most(self, wanted: int) -> int:
        """How many requests may be under way; one, until the first has told what it costs, and while there is little room."""
        return int(max(1, min(wanted, self.room / BATCH))) if self.heard else 1

    def pause(self) -> float:
        """Seconds to wait before the next call. Raises RateLimited: so often refused that waiting is no help."""
        self._pauses += 1
        if self._pauses > _PATIENCE:
            raise RateLimited("The app's limit stays reached.", remedy="Call the audit again later: it goes on where it stopped.")
        return max(_PAUSE, 60 * self._minutes)

    def hear(self, usage: Usage, calls: int, *, refused: bool, alone: bool) -> None:
        """Learn from an answer to so many calls how full the limit is. alone: nothing else was under way from when it was asked
        until now, so it may be emptier than before; of others nobody knows in which order Graph counted them.
        """
        percent = usage.percent if alone else max(self._percent, usage.percent)
        if not self.heard:
            self._guess = percent / calls  # at most: nobody knows what others had used before
        elif percent >= self._percent and not self.full:
            # While it is full there are pauses, in which the window moves on: that hides what a call costs.
            self._risen, self._calls = self._risen + percent - self._percent, self._calls + calls
        self.heard, self._percent, self._minutes, self._refused = True, percent, usage.minutes, refused
        self._pauses = self._pauses if refused else 0
