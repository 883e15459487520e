"""How fast an audit may go: by what Graph says of the app's limit, so that the next requests do not go beyond it."""

from __future__ import annotations

from fbnb.client import BATCH
from fbnb.errors import RateLimited
from fbnb.usage import Usage

_FULL = 90  # percent of the limit: what is above an audit leaves to the rest of the app
_PAUSE = 300  # seconds until a limit that is reached is looked at again
_PATIENCE = 15  # looks: of a limit by the hour, one of them finds room


class Pace:
    """Begins with one request, learns from all what they cost, and makes do with single calls while there is no room."""

    def __init__(self) -> None:
        self.heard, self._percent, self._minutes, self._refused, self._pauses = False, 0.0, 0, False, 0
        self._risen, self._calls, self._guess = 0.0, 0, 0.0

    @property
    def each(self) -> float:
        """What a request of fifty costs, in percent of the limit. Graph rounds down: what that hides is added."""
        return BATCH * (self._risen + 1) / self._calls if self._calls else self._guess

    @property
    def full(self) -> bool:
        """Whether one more request of fifty would go too far; then a single call finds out when it would no more."""
        return self._refused or self._minutes > 0 or self._percent + self.each > _FULL

    def most(self, wanted: int) -> int:
        """How many requests may be under way; one, until the first has told what it costs, and while there is no room."""
        if not self.heard or self.full:
            return 1
        return max(1, min(wanted, int((_FULL - self._percent) / self.each))) if self.each > 0 else wanted

    def pause(self) -> float:
        """Seconds to wait before the next call. Raises RateLimited: so often refused that waiting is no help."""
        self._pauses += 1
        if self._pauses > _PATIENCE:
            raise RateLimited("The app's limit stays reached.", remedy="Call the audit again later: it goes on where it stopped.")
        return max(_PAUSE, 60 * self._minutes)

    def hear(self, usage: Usage, calls: int, *, refused: bool, alone: bool) -> None:
        """Learn from an answer how full the limit is. alone: nothing else was under way, so it may be emptier than before."""
        percent = usage.percent if alone else max(self._percent, usage.percent)
        if not self.heard:
            self._guess = percent  # of the first nobody knows what others had used before
        elif percent >= self._percent and not self.full:
            # While it is full there are pauses, in which the window moves on: that hides what a call costs.
            self._risen, self._calls = self._risen + percent - self._percent, self._calls + calls
        self.heard, self._percent, self._minutes, self._refused = True, percent, usage.minutes, refused
        self._pauses = self._pauses if refused else 0
